"""The fake by real time: its packets go through real sockets, and its tasks keep to the clock."""

import socket
import time

import pytest
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from live.host import Live
from live.patches import box, cord
from live.patches import device as small_device

CODE = """var task = new Task(function () { outlet(0, "/late", new Date().getTime() - started); }), started;
function bang() { started = new Date().getTime(); outlet(0, "/here", "é", 3, 0.5); task.schedule(200); }
function anything() { post(messagename, arrayfromargs(arguments).join(" ")); }
function move(port) { outlet(1, "port", port); }
outlets = 2;"""


def packet(address, *values):
    builder = OscMessageBuilder(address)
    for value in values:
        builder.add_arg(value)
    return builder.build().dgram


@pytest.fixture
def service():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.settimeout(5)
        yield made


@pytest.fixture
def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        return made.getsockname()[1]


@pytest.fixture
def live(tmp_path, service, free_port):
    boxes = [box("send", f"udpsend 127.0.0.1 {service.getsockname()[1]}"), box("in", f"udpreceive {free_port}")]
    cords = [cord("js", "send"), cord("js", "in", 1), cord("in", "js")]
    with Live(amxd=small_device(tmp_path / "small.amxd", CODE, *boxes, cords=cords), clock="real") as live:
        yield live


def test_packets_leave_and_come_through_sockets_and_tasks_wait(live, service, free_port):
    device = live.load()
    heard = OscMessage(service.recv(2048))
    assert (heard.address, heard.params) == ("/here", ["é", 3, 0.5])
    service.sendto(packet("/answer", "two words", 7), ("127.0.0.1", free_port))
    live.wait(lambda: "/answer two words 7" in live.console)
    (late,) = OscMessage(service.recv(2048)).params
    assert 190 <= late < 5000
    assert [address for address, _ in device.sent] == ["/here", "/late"]


def test_a_port_of_another_program_is_not_heard_until_the_device_moves(live, service, free_port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", free_port))
        device = live.load()
        live.wait(lambda: any("Error binding" in line for line in live.console))
        assert device.port is None
    device.run(f"move({free_port})")
    service.sendto(packet("/again"), ("127.0.0.1", free_port))
    live.wait(lambda: any(line.startswith("/again") for line in live.console))


def test_a_second_device_cannot_have_the_first_one_s_port_even_when_that_was_deleted(live, service, free_port):
    first = live.load()
    service.recv(2048)
    first.remove()
    second = live.load()
    live.wait(lambda: any("Error binding" in line for line in live.console))
    assert (first.port, second.port) == (free_port, None)


def test_waiting_in_vain_says_what_the_console_has(live):
    live.load()
    started = time.monotonic()
    with pytest.raises(AssertionError, match=r"waited 0\.1 s in vain"):
        live.wait(lambda: False, seconds=0.1)
    assert time.monotonic() - started < 2
