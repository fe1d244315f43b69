"""Control surfaces: held values, subscribers, and actions that work with what is held."""

from pathlib import Path

import pytest

from retone_bridge.protocol import HELD
from retone_engine.request import Push


def hold(surface, **values):
    for name, value in values.items():
        surface.send(f"param/{name}", value)


def test_several_subscribers_hear_every_job_and_every_value(service, clip):
    first, second, asker = service.peer(), service.peer(), service.peer()
    for peer in (first, second):
        peer.send("notify", 1)
        assert peer.next() == ("ack", "/retone/notify")
        dump = dict([peer.next()[:2] for _ in HELD])
        assert dump["param/strength"] == "auto" and dump["param/highs"] == 1 and dump["param/path"] == ""
    asker.send("param/strength", 0.25)
    for peer in (first, second):
        assert peer.next() == ("param/strength", 0.25)
    asker.send("edit", "r1", str(clip), "prompt", "strings")
    for peer in (first, second):
        assert peer.until("done")[0][0] == "queued"
    assert asker.until("done")
    asker.send("received", "r1")
    second.send("notify", 0)
    second.until("ack")
    asker.send("param/seed", 7)
    assert first.next() == ("param/seed", 7)
    assert second.quiet()


def test_a_held_value_is_asked_for_coerced_and_checked(service):
    peer = service.peer()
    peer.send("param/prompt", 808.0)
    peer.send("param/prompt")
    assert peer.next() == ("param/prompt", "808")
    peer.send("param/strength", 2)
    assert peer.next()[:3] == ("fail", "/retone/param/strength", "bad_request")
    peer.send("param/strength")
    assert peer.next() == ("param/strength", "auto")


def test_actions_use_the_held_values_and_requests_never_do(service, clip):
    surface = service.peer()
    surface.send("action/edit")
    assert surface.next() == (
        "fail",
        "/retone/action/edit",
        "bad_request",
        "The path of the clip is empty; give the audio file to edit.",
    )
    surface.send("param/path", str(clip))
    surface.send("param/prompt", "count")
    surface.send("action/edit", 0.0)
    assert surface.quiet(), "a button let go does nothing"
    surface.send("action/edit", 1.0)
    (_, id), *_, done = surface.until("done")
    assert done[:2] == ("done", id) and id.startswith("live-")
    assert surface.quiet(0.8), "a surface cannot confirm, so that it is told once"
    surface.send("action/again")
    surface.until("done")
    surface.send("param/seed")
    assert surface.next() == ("param/seed", 1)
    surface.send("edit", "r1", str(clip))
    assert surface.next()[2:] == ("bad_request", "The prompt is empty; say what the clip should sound like.")
    surface.send("param/prompt", "slow")
    surface.send("action/edit")
    surface.until("progress")
    surface.send("action/cancel")
    assert surface.until("fail")[-1][2] == "cancelled"


def test_directions_and_a_steer_are_actions_with_the_held_values(service, clip):
    surface = service.peer()
    hold(
        surface, path=str(clip), prompt="strings", variations=3, count=2, noise_level=0.5, strength_end=0.1, each_step=0
    )
    surface.send("action/directions", 1.0)
    (_, found), *events = surface.until("done", "fail")
    assert [event[2] for event in events if event[0] == "direction"] == [1, 2]
    assert events[-1][:3] == ("done", found, 4)
    hold(surface, direction=2.0, amount=-0.3, strength=0.6)
    surface.send("action/steer")
    (_, steered), *_, done = surface.until("done", "fail")
    assert (done[:3], Path(done[3]).name) == (("done", steered, 1), f"My loop-{steered}.wav")
    asked = service.server._journal.find(steered).asked
    assert (asked.kind, asked.pushes) == ("steer", (Push(2, (-0.3,)),))
    assert (asked.count, asked.noise_level, asked.strength, asked.strength_end) == (2, 0.5, 0.6, 0.1)


@pytest.mark.parametrize(
    ("action", "held", "words"),
    [
        ("directions", {}, "The path of the clip is empty"),
        ("steer", {"path": "{clip}", "direction": 4}, "direction is 4; 3 are looked for (count)"),
        ("directions", {"path": "{clip}", "strength": 0.25, "strength_end": 0.5}, "strength_end is 0.5; it takes"),
        ("steer", {"path": "{clip}", "noise_level": 0.5, "each_step": 1}, "noise_level and each_step are both given"),
    ],
)
def test_held_values_that_do_not_go_together_are_named_by_the_action(service, clip, action, held, words):
    surface = service.peer()
    hold(surface, **{name: str(value).format(clip=clip) for name, value in held.items()})
    surface.send(f"action/{action}")
    word, id, code, sentence = surface.next()
    assert (word, id, code) == ("fail", f"/retone/action/{action}", "bad_request")
    assert sentence.startswith(words)
    assert service.server._journal.counts() == {}
