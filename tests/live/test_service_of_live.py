"""Whether the service is there, as the device shows it, and what becomes of jobs when it goes and comes."""

import pytest

from live.desk import ABSENT, CLIP, Desk


@pytest.fixture
def lone(tmp_path):
    """A desk without a service."""
    with Desk(tmp_path, answers=False) as desk:
        yield desk


@pytest.fixture
def desk(tmp_path):
    with Desk(tmp_path) as desk:
        yield desk


def test_hello_is_said_every_second_at_first_and_then_every_three(lone):
    assert lone.sent("hello") == [["live", 1, lone.device.port]]
    lone.live.advance(4.1)
    assert len(lone.sent("hello")) == 5
    lone.live.advance(9.2)
    assert len(lone.sent("hello")) == 8


def test_an_absent_service_is_said_and_how_to_start_it(lone):
    assert (lone.device.text("engine"), lone.device.lamp) == ("looking for the service", 1)
    lone.live.advance(2.1)
    assert lone.status.startswith(ABSENT)
    assert (lone.device.text("engine"), lone.device.lamp) == ("no service", 0)
    lone.welcome()
    assert (lone.device.text("engine"), lone.device.lamp) == ("ready · cpu · pocket", 2)
    assert lone.status == "Press Edit to edit the clip."


def test_at_another_port_a_service_is_to_be_started_there(lone):
    lone.device.turn("Service Port", 9140)
    lone.live.advance(3)
    start = "Start it there: `retone serve --port 9140`; or set Service Port (Setup) to its own."
    assert lone.status == f"No service answers on port 9140. {start}"


def test_what_is_asked_for_meanwhile_waits_for_the_service(lone):
    lone.live.advance(3)
    lone.device.press("Edit")
    assert lone.status.endswith("`retone install login`. 1 job waits for it.")
    assert lone.sent("edit") == []
    lone.welcome()
    lone.live.advance(0.1)
    assert len(lone.sent("edit")) == 1
    lone.finish(lone.sent("edit")[0][0])
    assert lone.landed() == ["Loop 1 · a flute"]


def test_what_was_never_sent_is_cancelled_at_once(lone):
    lone.live.advance(3)
    lone.device.press("Edit")
    lone.device.press("Cancel")
    assert lone.status == "Cancelled."
    lone.welcome()
    lone.live.advance(5)
    assert (lone.sent("edit"), lone.sent("cancel")) == ([], [])


def test_a_service_that_answers_no_more_is_gone(desk):
    desk.live.advance(4.5)
    assert desk.sent("status") == []
    desk.live.advance(15)
    assert len(desk.sent("status")) == 3
    assert desk.device.lamp == 2
    desk.live.advance(0.5)
    assert desk.status.startswith(ABSENT)
    assert len(desk.sent("hello")) == 2


def test_when_the_service_seems_gone_the_own_port_is_tried_again(desk):
    desk.live.advance(25)
    assert len(desk.sent("here")) > 1, "it may be the port that nothing comes through any more"
    assert desk.status.startswith(ABSENT)
    assert desk.sent("hello")[-1] == ["live", 1, desk.device.port]
    desk.welcome()
    assert desk.device.lamp == 2


def test_jobs_outlive_a_service_that_goes_and_comes(desk):
    id = desk.ask()
    desk.hear("ack", id)
    desk.live.advance(12)
    assert desk.status.endswith("1 job waits for it.")
    asked = len(desk.sent("job"))
    desk.live.advance(20)
    assert len(desk.sent("job")) == asked, "nobody is there to be asked"
    desk.welcome()
    desk.live.advance(0.1)
    assert len(desk.sent("job")) == asked + 1
    desk.finish(id)
    assert desk.landed() == ["Loop 1 · a flute"]


def test_a_cancel_is_told_to_the_service_when_it_is_back(desk):
    id = desk.ask()
    desk.hear("ack", id)
    desk.live.advance(12)
    desk.device.press("Cancel")
    assert desk.status == "Cancelled; the service is told when it answers again."
    desk.welcome()
    desk.live.advance(0.1)
    assert desk.sent("cancel") == [[id, desk.device.port]]


def test_a_state_is_asked_more_often_while_there_is_work(desk):
    id = desk.ask()
    desk.hear("ack", id)
    desk.live.advance(4.2)
    assert desk.sent("status") == [[desk.device.port]] * 2


def test_a_service_whose_engine_starts_or_fails_says_so(desk):
    desk.welcome(device="")
    assert (desk.device.text("engine"), desk.device.lamp) == ("starting", 1)
    assert desk.status == "The service starts; what you ask for waits for it."
    desk.tell_status(device="", trouble="The device 'cuda' is not here; start the service with --device cpu.")
    assert (desk.device.text("engine"), desk.device.lamp) == ("trouble", 3)
    assert desk.status == "The device 'cuda' is not here; start the service with --device cpu."
    desk.tell_status(device="cuda")
    assert (desk.device.text("engine"), desk.device.lamp) == ("ready · cuda · pocket", 2)


@pytest.mark.parametrize(
    ("protocol", "sentence"),
    [
        (2, "The service (1.0.0) is newer than this device. Run `retone install live`, then load the device anew."),
        (0, "The service (1.0.0) is older than this device. Update Retone, type `retone send /retone/quit`, then"),
    ],
)
def test_of_two_versions_the_older_one_is_named(lone, protocol, sentence):
    lone.welcome(protocol=protocol)
    assert lone.status.startswith(sentence)
    assert lone.device.lamp == 3
    lone.device.press("Edit")
    lone.live.advance(2)
    assert lone.sent("edit") == []
    lone.welcome(version="1.0.1")
    lone.live.advance(0.1)
    assert len(lone.sent("edit")) == 1, "it was updated"


def test_another_port_of_the_service_is_where_it_is_looked_for(desk):
    desk.device.turn("Service Port", 9200)
    desk.live.advance(3)
    assert {packet["port"] for packet in desk.device.packets if packet["address"] == "/retone/hello"} == {9130, 9200}
    assert desk.status.startswith("No service answers on port 9200.")


def test_a_port_that_another_program_has_is_stepped_over(tmp_path):
    with Desk(tmp_path, loads=False, answers=False) as desk:
        for port in range(9131, 9190):
            desk.live.take_port(port)
        desk.load()
        desk.live.advance(40)
        assert desk.device.port == 9190
        assert desk.sent("hello")[0] == ["live", 1, 9190]
        desk.welcome()
        assert desk.device.lamp == 2


def test_a_packet_that_another_device_sends_to_itself_shows_nothing(tmp_path):
    with Desk(tmp_path, loads=False, answers=False) as desk:
        desk.device = desk.live.load()
        desk.hear("here", "n0123456789ab")
        assert desk.device.text("engine") == "checking its port"
        assert desk.sent("hello") == []
        desk.live.advance(0.1)
        assert len(desk.sent("hello")) == 1


def test_where_no_port_is_free_this_is_said(tmp_path):
    with Desk(tmp_path, loads=False, answers=False) as desk:
        for port in range(9131, 9231):
            desk.live.take_port(port)
        desk.load()
        desk.live.advance(55)
        assert desk.status.startswith("No UDP port from 9131 to 9230 brings answers to this device: a firewall")
        assert (desk.device.text("engine"), desk.device.lamp) == ("no port", 3)


def test_two_devices_have_ports_and_jobs_of_their_own(tmp_path):
    with Desk(tmp_path) as desk:
        first = desk.device
        for port in range(9131, 9231):
            if port not in (first.port, 9230):
                desk.live.take_port(port)
        second = desk.load()
        desk.live.select(CLIP)
        desk.live.advance(55)
        desk.welcome()
        assert second.port == 9230
        id = desk.ask()
        assert desk.sent("edit")[0][-1] == 9230
        assert [address for address, _ in first.sent if address == "/retone/edit"] == []
        first.hear("/retone/fail", id, "internal", "This is not for the first device.")
        assert "not for" not in first.text("status")
        desk.finish(id)
        assert desk.landed() == ["Loop 1 · a flute"]
