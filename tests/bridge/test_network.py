"""A service that listens widely lets nobody in: tried from hosts of their own, over cables, by every way we know."""

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from bridge.harness import SCRIPT
from bridge.hosts import TOKEN, Network, payload, renders, why_not
from retone_bridge.client import Client
from retone_bridge.osc import Message, encode
from retone_bridge.protocol import Done, Fail, Result, Sealed
from retone_bridge.udp import Endpoint
from retone_engine.request import RetoneError

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "it can")


@pytest.fixture
def network(tmp_path):
    with ExitStack() as stack:
        yield Network(stack, tmp_path / "state")


def test_a_plain_edit_of_another_host_is_refused_and_a_sealed_one_is_done(network, clip, tmp_path):
    peer = network.peer(network.laptop)
    peer.send("edit", "r1", str(clip), "prompt", "count")
    assert peer.next()[:3] == ("fail", "r1", "not_allowed")
    assert renders(clip) == 0
    events = list(network.client(network.laptop).edit(clip, "count", id="r1"))
    assert isinstance(events[-1], Done)
    assert renders(clip) == 1
    (path,) = [event.path for event in events if isinstance(event, Result)]
    assert Path(path).parent == tmp_path / "state" / "renders"


def test_a_recording_works_from_nowhere_and_never_again(network, clip):
    network.hold(clip)
    ear = network.studio.heard_on("lan1")
    client = network.client(network.laptop)
    client.send(Message("/retone/action/edit", (1.0,)))
    while client.listen(5).address != "/retone/done":
        pass
    recorded = []
    while not recorded:
        found = payload(ear.recv(65536))
        if found and found[1].startswith(b"/retone/sealed"):
            recorded.append(found)
    ear.close()
    ((source, packet),) = recorded
    assert source.host == network.laptop.address
    client.close()
    assert renders(clip) == 1

    same = network.peer(network.laptop, port=source.port)
    same.send_bytes(packet)
    assert same.next()[:3] == ("fail", "/retone/sealed", "bad_request")
    for other in (network.peer(network.laptop), network.peer(network.tablet), network.peer(network.studio)):
        other.send_bytes(packet)
        assert other.next()[:3] == ("fail", "/retone/sealed", "not_allowed")
    same.send("challenge")
    same.until("challenged")
    same.send_bytes(packet)
    assert same.next()[:3] == ("fail", "/retone/sealed", "bad_request")
    network.start_again()
    network.hold(clip)
    for _ in range(2):
        same.send_bytes(packet)
        assert same.next()[:3] == ("fail", "/retone/sealed", "not_allowed")
        same.send("challenge")
        same.until("challenged")
    assert renders(clip) == 1


def test_a_paired_tablet_turns_parameters_and_presses_buttons_and_does_nothing_else(network, clip):
    own = network.hold(clip)
    tablet = network.peer(network.tablet)
    tablet.send("notify", 1)
    tablet.until("ack")
    tablet.send("param/strength", 0.25)
    while tablet.until("param/strength")[-1] != ("param/strength", 0.25):
        pass
    tablet.send("action/edit", 1.0)
    assert tablet.until("done", "fail")[-1][0] == "done"
    assert renders(clip) == 1
    tablet.send("status")
    assert tablet.until("status.reply")[-1][3] == 1
    tablet.send("notify", 0)
    tablet.until("ack")
    refused = {
        "edit": ("r1", str(clip), "prompt", "count"),
        "directions": ("r2", str(clip)),
        "steer": ("r3", str(clip), "direction", 1, "amount", 0.5),
        "cancel": ("r4",),
        "job": ("r5",),
        "received": ("r6",),
        "clips": (clip.name,),
        "quit": (),
        "param/path": ("/etc/passwd",),
        "param/model": ("/tmp",),
    }
    for address, arguments in refused.items():
        tablet.send(address, *arguments)
        assert tablet.next()[0::2][:2] == ("fail", "not_allowed"), address
    own.send("param/path")
    assert own.until("param/path")[-1] == ("param/path", str(clip))
    assert renders(clip) == 1


def test_a_stranger_hears_nothing_of_what_happens(network, clip):
    stranger = network.peer(network.laptop)
    stranger.send("hello", "spy", 1, stranger.port)
    assert stranger.next()[0] == "welcome"
    stranger.send("notify", 1, stranger.port)
    assert stranger.next()[:3] == ("fail", "/retone/notify", "not_allowed")
    stranger.send("status")
    assert stranger.next()[:3] == ("fail", "/retone/status", "not_allowed")
    own = network.peer(network.studio)
    own.send("edit", "r1", str(clip), "prompt", "count")
    assert own.until("done", "fail")[-1][0] == "done"
    assert stranger.quiet()


def test_answers_go_to_the_askers_host_alone_whatever_port_it_names(network, clip):
    ears = {host: network.peer(host, port=9199) for host in (network.laptop, network.tablet, network.studio)}
    client = network.client(network.laptop)
    client.send(Message("/retone/edit", ("r1", str(clip), "prompt", "count", "reply_port", 9199)))
    assert client.listen(0.5) is None
    assert ears[network.laptop].until("done", "fail")[-1][0] == "done"
    assert ears[network.tablet].quiet()
    tablet = network.peer(network.tablet)
    tablet.send("hello", "tablet", 1, 9199)
    assert ears[network.tablet].next()[0] == "welcome"
    tablet.send("param/strength", "no number")
    assert ears[network.tablet].next()[:3] == ("fail", "/retone/param/strength", "bad_request")
    assert tablet.quiet()
    assert ears[network.studio].quiet()
    client.send(Message("/retone/sync", (1,)))
    assert client.listen(5) == Message("/retone/synced", (1,))
    assert {message.arguments[0] for message in ears[network.laptop].heard} == {"r1"}


def test_a_forged_loopback_source_does_not_come_in(network, clip):
    # Sent with the laptop's own address the same packet arrives, so the forging itself works.
    peer = network.peer(network.laptop)
    edit = encode(Message("/retone/edit", ("r1", str(clip), "prompt", "count")))
    network.laptop.forge(peer.endpoint, network.to, edit)
    assert peer.next()[:3] == ("fail", "r1", "not_allowed")
    ear = network.studio.heard_on("lan1")
    network.laptop.forge(Endpoint("127.0.0.1", 5000), network.to, edit)
    while payload(ear.recv(65536)) != (Endpoint("127.0.0.1", 5000), edit):
        pass
    ear.close()
    peer.send("sync", 1)
    peer.until("synced")
    time.sleep(0.3)
    assert renders(clip) == 0


def test_forgeries_in_a_clients_name_do_not_end_its_session(network, clip):
    client = network.client(network.laptop)
    client.status()
    source = Endpoint(*client._socket.getsockname())
    forged = [
        encode(Message("/retone/challenge")),
        encode(Message("/retone/hello", ("spy", 1, 9))),
        encode(Sealed(10, "0" * 64, encode(Message("/retone/quit"))).to_osc()),
        encode(Message("/retone/notify", (1, 9))),
        encode(Message("/retone/quit")),
    ]
    for packet in forged:
        network.laptop.forge(source, network.to, packet)
    assert isinstance(list(client.edit(clip, "count"))[-1], Done)


def test_a_flood_from_another_host_does_not_keep_this_machine_from_working(network, clip):
    edit = encode(Message("/retone/edit", ("r1", str(clip), "prompt", "count")))
    code = f"""
import socket
flood = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
print("begun", flush=True)
while True:
    flood.sendto({edit!r}, {tuple(network.to)!r})
"""
    options = {"stdout": subprocess.PIPE, "text": True}
    with network.laptop.do(subprocess.Popen, [sys.executable, "-c", code], **options) as flood:
        try:
            flood.stdout.readline()
            with network.studio.do(Client, "127.0.0.1", network.port) as client:
                assert isinstance(list(client.edit(clip, "count"))[-1], Done)
        finally:
            flood.kill()
    assert renders(clip) == 1


def test_a_bundle_is_judged_message_by_message(network, clip):
    peer = network.peer(network.laptop)
    parts = [
        encode(Message("/retone/sync", (1,))),
        encode(Message("/retone/edit", ("r1", str(clip), "prompt", "count"))),
        encode(Sealed(1, "0" * 64, b"none").to_osc()),
        encode(Message("/retone/sync", (2,))),
    ]
    peer.send_bytes(b"#bundle\0" + bytes(8) + b"".join(len(one).to_bytes(4, "big") + one for one in parts))
    heard = peer.until("synced") + peer.until("synced")
    assert [event[:3] for event in heard] == [
        ("synced", 1),
        ("fail", "r1", "not_allowed"),
        ("fail", "/retone/sealed", "not_allowed"),
        ("synced", 2),
    ]


def test_a_client_goes_on_with_its_job_when_the_service_is_started_again(network, clip):
    client = network.client(network.laptop)
    events = client.edit(clip, "slow once")
    assert next(events).id
    network.start_again()
    assert isinstance(list(events)[-1], Done)


def test_a_wrong_token_and_none_are_told_apart_from_silence(network, clip):
    with pytest.raises(RetoneError, match="RETONE_TOKEN") as caught:
        network.client(network.laptop, "some other token").status(seconds=5)
    assert caught.value.code == "not_allowed"
    with pytest.raises(RetoneError, match="token") as caught:
        network.client(network.laptop, None).status(seconds=5)
    assert caught.value.code == "not_allowed"
    last = list(network.client(network.laptop, None).edit(clip, "count"))[-1]
    assert isinstance(last, Fail) and last.code == "not_allowed"


def retone(host, *arguments, token=None):
    environment = {name: value for name, value in os.environ.items() if name != "RETONE_TOKEN"}
    environment |= {"RETONE_TOKEN": token} if token else {}
    return host.run(sys.executable, "-m", "retone_bridge.cli", *arguments, env=environment, timeout=60)


def test_send_reaches_another_machine_with_the_token_of_the_environment(network):
    where = ("send", "status", "--host", network.lan, "--port", network.port)
    shown = retone(network.laptop, *where, token=TOKEN)
    assert (shown.returncode, shown.stdout.split()[0]) == (0, "/retone/status.reply")
    plain = retone(network.laptop, *where)
    assert plain.returncode == 2
    assert plain.stdout.splitlines() == [
        "/retone/fail '/retone/status' 'not_allowed' "
        '"This takes the service\'s token, RETONE_TOKEN; see /retone/challenge."'
    ]
    wrong = retone(network.laptop, *where, token="some other token")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "both sides need the same RETONE_TOKEN" in wrong.stderr


def test_serve_takes_the_token_from_the_environment_or_a_file_and_keeps_it_from_the_engine(network, tmp_path):
    code = f"""
import sys, retone_bridge.server as server
server.engine_command = lambda *given: {SCRIPT!r}
from retone_bridge.cli import main
sys.exit(main())
"""
    file = tmp_path / "token"
    file.write_text(TOKEN)
    file.chmod(0o600)
    ways = [((), {"RETONE_TOKEN": TOKEN}), (("--token-file", file), {})]
    for number, (options, environment) in enumerate(ways):
        command = [sys.executable, "-c", code, "serve", "--host", network.lan, "--port", 0]
        command += ["--state", tmp_path / str(number), *options]
        process = network.studio.do(
            subprocess.Popen,
            list(map(str, command)),
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            port = process.stdout.readline().split(" (")[0].rpartition(":")[2]
            shown = retone(network.laptop, "send", "status", "--host", network.lan, "--port", port, token=TOKEN)
            assert shown.returncode == 0
            (engine,) = psutil.Process(process.pid).children()
            assert "RETONE_TOKEN" not in engine.environ()
            assert retone(network.laptop, "send", "quit", "--host", network.lan, "--port", port).returncode == 2
            assert process.poll() is None
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
