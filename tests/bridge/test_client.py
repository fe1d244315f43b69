"""The client gets its edit done over a network that loses, repeats and reorders, and past a service that dies."""

import random
import socket
import threading
import time
from contextlib import contextmanager

import pytest

from bridge.harness import kill, running, serve
from retone_bridge.client import Client
from retone_bridge.heard import DIRECTIONS_ASKED_AGAIN, Heard
from retone_bridge.jobs import Jobs
from retone_bridge.protocol import Ack, Busy, Direction, Done, Fail, Queued, Result, Version, VersionReply
from retone_engine.request import RetoneError


@contextmanager
def bad_network(port, seed):
    """A port that passes packets on to ``port`` and back: 30 % lost, 20 % doubled, some late."""
    chance = random.Random(seed)
    front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    front.bind(("127.0.0.1", 0))
    back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    back.bind(("127.0.0.1", 0))
    clients, timers, open_ = [], [], [True]

    def carry(source, send):
        source.settimeout(0.1)
        while open_:
            try:
                data, sender = source.recvfrom(65536)
            except OSError:
                continue
            if source is front:
                clients[:] = [sender]
            if chance.random() < 0.3:
                continue
            for _ in range(2 if chance.random() < 0.2 else 1):
                timer = threading.Timer(chance.choice((0, 0, 0.02)), send, (data,))
                timers.append(timer)
                timer.start()

    ways = [
        threading.Thread(target=carry, args=(front, lambda data: back.sendto(data, ("127.0.0.1", port)))),
        threading.Thread(target=carry, args=(back, lambda data: clients and front.sendto(data, clients[0]))),
    ]
    for way in ways:
        way.start()
    try:
        yield front.getsockname()[1]
    finally:
        open_.clear()
        for way in ways:
            way.join()
        for timer in timers:  # complete only now
            timer.join()
        front.close()
        back.close()


def test_an_edit_gives_typed_events_in_order(service, clip):
    events = list(service.client().edit(clip, "strings", id="r1", variations=2))
    kinds = [type(event) for event in events]
    assert kinds[:2] == [Ack, Queued]
    assert kinds[-1] is Done
    assert [event.index for event in events if isinstance(event, Result)] == [1, 2]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_edit_is_done_once_over_a_bad_network(service, clip, seed):
    with bad_network(service.port, seed) as port, Client(port=port) as client:
        for k in range(4):
            events = list(client.edit(clip, "count", id=f"r{k}"))
            assert isinstance(events[-1], Done)
            assert sum(isinstance(event, Result) for event in events) == 1
    assert (clip.parent / "starts").read_text() == "r0\nr1\nr2\nr3\n"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_direction_and_result_is_told_once_over_a_bad_network(service, clip, seed):
    with bad_network(service.port, seed) as port, Client(port=port) as client:
        for k in range(2):
            events = list(client.directions(clip, source_prompt="count", id=f"r{k}", count=4))
            assert isinstance(events[-1], Done)
            assert sorted(event.direction for event in events if isinstance(event, Direction)) == [1, 2, 3, 4]
            assert sorted(event.index for event in events if isinstance(event, Result)) == [*range(1, 9)]
    assert (clip.parent / "starts").read_text() == "r0\nr1\n"


def test_what_was_lost_of_a_job_is_known():
    done = Done("r1", 4, "/1.wav")
    followed, asked = Heard(), Heard(directions=2)
    for heard in (followed, asked):
        assert all(heard.new(Result("r1", k, f"/{k}.wav")) for k in (1, 2, 3))
        assert not heard.new(Result("r1", 3, "/3.wav"))
        assert heard.lacks(done)
        assert heard.new(Result("r1", 4, "/4.wav"))
    assert not followed.lacks(done), "an edit has no directions"
    assert asked.lacks(done)
    for heard in (followed, asked):
        assert heard.new(Direction("r1", 2, 0.1, 0, 1, 50.0, 100.0))
        assert heard.lacks(done)
        assert heard.new(Direction("r1", 1, 0.2, 0, 1, 50.0, 100.0))
        assert not heard.lacks(done)


def test_directions_that_are_not_there_are_not_asked_for_without_end():
    heard = Heard(directions=3)
    done = Done("r1", 0, "")
    assert [heard.lacks(done) for _ in range(DIRECTIONS_ASKED_AGAIN + 1)] == [True] * DIRECTIONS_ASKED_AGAIN + [False]


def test_a_wrong_edit_is_refused_before_anything_is_sent(service, clip):
    client = service.client()
    with pytest.raises(RetoneError, match="strength is '2'"):
        client.edit(clip, "strings", strength=2)
    with pytest.raises(RetoneError, match="2048 is the limit"):
        next(client.edit(clip, "p" * 500, negative_prompt="n" * 500, source_prompt="s" * 500, model="m" * 500))
    assert client.status().done == 0


def test_a_job_is_cancelled_from_another_thread(service, clip):
    client = service.client()
    events = client.edit(clip, "slow", id="r1")
    for event in events:
        if not isinstance(event, Ack | Queued):
            threading.Thread(target=client.cancel, args=("r1",)).start()
            break
    *_, end = events
    assert (type(end), end.code) == (Fail, "cancelled")


def test_a_cancel_that_is_lost_is_sent_again(service, clip, monkeypatch):
    monkeypatch.setattr("retone_bridge.client.CANCEL_AGAIN_SECONDS", 0.2)
    client, lost = service.client(), []
    put = client._put

    def lossy(data):
        if data.startswith(b"/retone/cancel") and len(lost) < 2:
            lost.append(data)
        else:
            put(data)

    monkeypatch.setattr(client, "_put", lossy)
    for event in (events := client.edit(clip, "slow", id="r1")):
        if not isinstance(event, Ack | Queued):
            break
    client.cancel("r1")
    assert list(events)[-1].code == "cancelled"
    assert len(lost) == 2


def test_a_busy_service_is_asked_again(tmp_path, clip, monkeypatch):
    monkeypatch.setattr("retone_bridge.jobs.RETRY_MS", 50)

    monkeypatch.setitem(Jobs.__init__.__kwdefaults__, "waiting_limit", 1)
    with running(tmp_path / "state") as service:
        peer = service.peer()
        peer.send("edit", "a", str(clip), "prompt", "slow")
        peer.send("edit", "b", str(clip), "prompt", "slow")
        peer.until("progress")
        events = service.client().edit(clip, "strings", id="c")
        assert isinstance(next(events), Busy)
        peer.send("cancel", "b")
        peer.send("cancel", "a")
        assert isinstance(list(events)[-1], Done)


def test_nobody_there_is_told_at_once_for_a_question_and_after_a_while_for_a_job(clip, monkeypatch):
    monkeypatch.setattr("retone_bridge.client.RESEND_SECONDS", (0.05, 0.05))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Client(port=port) as client:
        started = time.monotonic()
        with pytest.raises(RetoneError, match="retone serve") as caught:
            client.status(5)
        assert caught.value.code == "not_running"
        assert time.monotonic() - started < 1
        with pytest.raises(RetoneError, match="No Retone service answers"):
            list(client.edit(clip, "strings"))


def test_silence_alone_does_not_end_a_request_before_its_time(clip, monkeypatch):
    monkeypatch.setattr("retone_bridge.client.RESEND_SECONDS", (0.05, 0.05, 0.1))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        started = time.monotonic()
        with Client(port=deaf.getsockname()[1], patience_seconds=1) as client, pytest.raises(RetoneError) as caught:
            list(client.edit(clip, "strings", id="r1"))
        assert caught.value.code == "not_running"
        assert 1 < time.monotonic() - started < 3
        deaf.setblocking(False)
        asked = [deaf.recv(65536) for _ in range(8)]
        assert len(set(asked)) == 1, "the same request, over and over"


def test_a_killed_service_loses_no_job_that_it_has_acknowledged(tmp_path, clip):
    process, port = serve(tmp_path / "state")
    with Client(port=port) as first, Client(port=port) as second:
        running = first.edit(clip, "slow", id="r1")
        waiting = second.edit(clip, "count", id="r2")
        assert isinstance(next(waiting), Ack)
        for event in running:
            if not isinstance(event, Ack | Queued):
                break
        kill(process)
        process, port = serve(tmp_path / "state", port)
        first.cancel("r1")
        assert list(running)[-1].code == "cancelled"
        assert isinstance(list(waiting)[-1], Done)
        assert (clip.parent / "starts").read_text() == "r2\n"
        kill(process)


def test_a_job_that_takes_the_service_with_it_twice_is_given_up(tmp_path, clip):
    for _ in range(2):
        process, port = serve(tmp_path / "state")
        with Client(port=port) as client:
            for event in client.edit(clip, "deaf", id="r1"):
                if not isinstance(event, Ack | Queued):
                    break
        kill(process)
    process, port = serve(tmp_path / "state")
    with Client(port=port) as client:
        *_, end = client.follow("r1")
        assert (type(end), end.code) == (Fail, "worker_crashed")
        assert client.ask(Version(), VersionReply).program == "retone"
    kill(process)


def test_a_question_that_is_lost_is_asked_again(service, monkeypatch):
    client, lost = service.client(), []
    put = client._put
    monkeypatch.setattr(client, "_put", lambda data: put(data) if lost else lost.append(data))
    assert client.status(2).waiting == 0
    assert len(lost) == 1
