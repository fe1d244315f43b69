"""Directions and steering through a live service: what is told, in which order, and what is kept of it."""

from contextlib import closing
from pathlib import Path

import pytest

from bridge.harness import Peer, kill, running, serve
from bridge.scripted_worker import stamped
from retone_bridge.protocol import Direction


def of(kind, events):
    return [event for event in events if event[0] == kind]


def find(peer, clip, *settings, id="d1"):
    """Everything that is told of a directions job, to its end."""
    peer.send("directions", id, str(clip), *settings)
    events = peer.until("done", "fail")
    peer.send("received", id)
    return events


def test_directions_are_told_before_their_results_and_each_has_two_files(service, clip):
    events = find(service.peer(), clip, "count", 2)
    told = [event[0] for event in events if event[0] != "progress"]
    assert told == ["ack", "queued", "direction", "direction", *["result"] * 4, "done"]
    assert of("direction", events) == [
        ("direction", "d1", 1, 0.5, 100, 400, 125.0, 1000.0),
        ("direction", "d1", 2, 0.25, 200, 400, 250.0, 1000.0),
    ]
    names = [f"My loop-d1-{label}.wav" for label in ("1-plus", "1-minus", "2-plus", "2-minus")]
    assert [(index, Path(path).name) for _, _, index, path in of("result", events)] == list(enumerate(names, 1))
    assert all(Path(path).read_bytes() == stamped(clip.read_bytes(), "d1") for *_, path in of("result", events))
    assert events[-1][2] == 4


def test_one_preview_of_a_direction_can_be_made_alone(service, clip):
    events = find(service.peer(), clip, "count", 2, "only", 3)
    assert [Path(event[3]).name for event in of("result", events)] == ["My loop-d1-2-plus.wav"]
    assert not of("direction", events)
    *_, end = service.client().directions(clip, id="d2", count=2, only=1)
    assert end.count == 1


@pytest.mark.parametrize(
    ("along", "names"),
    [
        (("direction", 1, "amount", 0.5), ["My loop-s1.wav"]),
        (("direction", 3.0, "amount", "-0.5", "seed", 4, "direction", 1, "amount", 1), ["My loop-s1.wav"]),
        (
            ("count", 4, "direction", 2, "amount", "-1,0,1", "direction", 4, "amount", 0.25),
            [f"My loop-s1-{k}.wav" for k in (1, 2, 3)],
        ),
    ],
)
def test_a_clip_is_steered_to_one_result_for_each_amount(service, clip, along, names):
    peer = service.peer()
    peer.send("steer", "s1", str(clip), *along)
    events = peer.until("done", "fail")
    assert [Path(event[3]).name for event in of("result", events)] == names
    assert events[-1][:3] == ("done", "s1", len(names))
    assert not of("direction", events)


def test_the_same_id_for_other_amounts_or_another_kind_is_refused(service, clip):
    peer = service.peer()
    for amount, word in (("0.5", "ack"), (0.5, "ack"), (-0.5, "fail")):
        peer.send("steer", "s1", str(clip), "direction", 1, "amount", amount)
        assert peer.until("ack", "fail")[-1][:2] == (word, "s1")
        peer.send("received", "s1")
    peer.send("directions", "s1", str(clip))
    assert peer.until("fail")[-1][:3] == ("fail", "s1", "id_reused")


def test_what_was_found_is_told_again_while_the_job_runs_and_when_it_was_cancelled(service, clip):
    peer, other = service.peer(), service.peer()
    peer.send("directions", "d1", str(clip), "source_prompt", "slow", "count", 2)
    for address in ("direction", "direction", "progress"):
        peer.until(address)
    other.send("job", "d1")
    assert [event[:3] for event in other.until("progress")[:-1]] == [("direction", "d1", 1), ("direction", "d1", 2)]
    other.send("cancel", "d1")
    other.until("fail")
    other.send("job", "d1")
    assert [event[0] for event in other.until("fail")] == ["direction", "direction", "fail"]


def test_what_was_found_is_told_again_after_a_restart(tmp_path, clip):
    with running(tmp_path / "state") as service:
        before = find(service.peer(), clip)
    with running(tmp_path / "state") as service:
        peer = service.peer()
        peer.send("job", "d1")
        again = peer.until("done")
    assert again == [event for event in before if event[0] in ("direction", "result", "done")]
    assert len(of("direction", again)) == 3


def test_a_service_killed_after_the_first_direction_finds_them_all_at_its_next_start(tmp_path, clip):
    process, port = serve(tmp_path / "state")
    peer = Peer(("127.0.0.1", port))
    with closing(peer.socket):
        peer.send("directions", "d1", str(clip), "source_prompt", "slow once")
        peer.until("direction")
        kill(process)
        process, port = serve(tmp_path / "state", port)
        events = peer.until("done", "fail")
        kill(process)
    assert [event[2] for event in of("direction", events)][-3:] == [1, 2, 3]
    assert events[-1][:3] == ("done", "d1", 6)


def test_every_subscriber_hears_of_directions(service, clip):
    subscriber = service.peer()
    subscriber.send("notify", 1)
    events = find(service.peer(), clip)
    assert of("direction", subscriber.until("done")) == of("direction", events)


def test_the_client_finds_and_steers(service, clip):
    client = service.client()
    events = list(client.directions(clip, id="d1", count=2))
    assert [event.direction for event in events if isinstance(event, Direction)] == [1, 2]
    assert events[-1].count == 4
    assert list(client.steer(clip, {1: 0.3, 2: (-1, 1)}, id="s1"))[-1].count == 2
    assert list(client.steer(clip, {1: "-1,0,1"}, id="s2"))[-1].count == 3
    journal = service.server._journal
    assert journal.find("s1").asked.amounts == ((0.3, -1.0), (0.3, 1.0)), "no digit is lost on the way"
    assert [event.direction for event in client.follow("d1") if isinstance(event, Direction)] == [1, 2]
