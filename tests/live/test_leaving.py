"""Jobs that the user wants no more: Cancel, and a device that is taken out of the set."""

import pytest

from live.desk import Desk


@pytest.fixture
def desk(tmp_path):
    with Desk(tmp_path) as desk:
        yield desk


def test_cancel_is_said_until_it_is_heard(desk):
    first = desk.ask()
    desk.hear("ack", first)
    desk.device.turn("Seed", 5)
    second = desk.ask()
    desk.device.press("Cancel")
    desk.advance(1.2)
    port = desk.device.port
    assert desk.sent("cancel") == [[first, port], [second, port]] * 2
    assert desk.status == "Edit of 'Loop 1': cancelling (and 1 more job)."
    desk.hear("fail", first, "cancelled", "The job was cancelled.")
    desk.hear("fail", second, "unknown_job", "No job of this id is known.")
    assert desk.status == "Cancelled."
    assert desk.device.bar == -1
    desk.advance(6)
    assert len(desk.sent("cancel")) == 4
    assert len(desk.sent("edit")) == 2


def test_cancel_says_when_there_is_nothing_to_cancel(desk):
    desk.device.press("Cancel")
    assert desk.status == "Nothing is under way."


def test_a_job_that_no_room_was_found_for_ends_with_its_cancel(desk):
    id = desk.ask()
    desk.device.press("Cancel")
    desk.hear("busy", id, 3000)
    assert desk.status == "Cancelled."
    desk.advance(5)
    assert len(desk.sent("edit")) == 1


def test_what_was_cancelled_can_be_asked_for_again_at_once(desk):
    first = desk.ask()
    desk.device.press("Cancel")
    assert desk.ask() != first


def test_a_device_that_is_removed_cancels_what_it_asked_for(desk):
    id = desk.ask()
    desk.hear("ack", id)
    desk.device.remove()
    desk.live.advance(20)
    assert desk.device.sent[-1] == ("/retone/cancel", [id, desk.device.port])
    assert len(desk.sent("cancel")) == 1


def test_a_device_that_is_removed_while_it_lands_lets_the_service_rest(desk):
    id = desk.ask()
    (path,) = desk.make(id)
    desk.hear("done", id, 1, path)
    desk.device.remove()
    assert desk.sent("received") == [[id]]
    assert desk.sent("cancel") == []
