"""What the status line says of what is under way, was said last, and is wrong."""

import pytest

from live.node import call

HINT = "Press Edit to edit the clip."


def job(kind="edit", **changed):
    """A job as job.js keeps it, which the service has."""
    made = {
        "request": [f"/retone/{kind}", "m1"],
        "about": {"name": "Loop 1"},
        "state": "kept",
        "is_cancelled": False,
        "position": 0,
        "progress": None,
        "warnings": [],
        "passing": "",
    }
    return {**made, **changed}


def progress(stage="replay", seconds_left=12.4, fraction=0.4):
    return {"stage": stage, "seconds_left": seconds_left, "fraction": fraction}


def shown(*jobs, said=None, at=0, trouble="", seeking="", now=1000):
    said = said and {"text": said, "at": at}
    view = {"now": now, "said": said, "trouble": trouble, "seeking": seeking, "jobs": list(jobs), "hint": HINT}
    return call("status", "compose", view)


@pytest.mark.parametrize(
    ("one", "status"),
    [
        (job(state="asked"), "Edit of 'Loop 1': asking the service."),
        (job(state="busy"), "Edit of 'Loop 1': too many jobs wait already, so it is asked for again soon."),
        (job(), "Edit of 'Loop 1': waits."),
        (job(position=3), "Edit of 'Loop 1': waits, number 3 in the queue."),
        (job(progress=progress()), "Edit of 'Loop 1': editing, 0:12 left."),
        (job(progress=progress(seconds_left=-1)), "Edit of 'Loop 1': editing."),
        (job("directions", progress=progress("find", 83.5)), "Directions of 'Loop 1': finding, 1:24 left."),
        (job("steer", progress=progress("decode", 3661)), "Steer of 'Loop 1': decoding, 1:01:01 left."),
        (job(progress=progress("polish", -1)), "Edit of 'Loop 1': polish."),
        (job(progress=progress(), is_cancelled=True), "Edit of 'Loop 1': cancelling."),
        (job(progress=progress(), state="done"), "Edit of 'Loop 1': landing."),
    ],
)
def test_the_line_says_how_far_a_job_is(one, status):
    assert shown(one)["status"] == status


def test_the_bar_shows_the_job_that_runs():
    both = shown(job(position=1), job(progress=progress(fraction=0.75)))
    assert both == {
        "status": "Edit of 'Loop 1': editing, 0:12 left (and 1 more job).",
        "time": "editing, 0:12 left",
        "bar": 0.75,
    }
    assert (shown(job())["bar"], shown()["bar"]) == (0, -1)


def test_a_warning_stays_beside_what_is_under_way():
    one = job(progress=progress(), warnings=["The prompt holds no word that the model knows."])
    assert shown(one)["status"] == (
        "Edit of 'Loop 1': editing, 0:12 left. The prompt holds no word that the model knows."
    )


def test_what_was_said_stands_for_a_moment_before_all_else_and_then_behind():
    fresh = {"said": "Type a prompt first.", "at": 0}
    assert shown(job(), trouble="No service.", now=5999, **fresh)["status"] == "Type a prompt first."
    assert shown(job(), now=6000, **fresh)["status"] == "Edit of 'Loop 1': waits."
    assert shown(now=10**9, **fresh)["status"] == "Type a prompt first."


def test_what_is_looked_for_before_a_job_can_be_asked_for_is_said():
    one = job(state="asked")
    assert shown(one, seeking="checking its port")["status"] == "Edit of 'Loop 1': checking its port."


def test_a_job_that_was_cancelled_waits_for_nothing_but_that():
    gone = job(is_cancelled=True)
    assert shown(gone, trouble="No service.")["status"] == "No service. The cancel waits for it."
    assert shown(gone, job(), trouble="No service.")["status"] == "No service. 1 job waits for it."


def test_trouble_says_what_waits_for_it():
    assert shown(trouble="No service answers.")["status"] == "No service answers."
    assert shown(job(), trouble="No service answers.")["status"] == "No service answers. 1 job waits for it."
    assert shown(job(), job(), trouble="No service.")["status"] == "No service. 2 jobs wait for it."


def test_else_there_is_a_hint():
    assert shown() == {"status": HINT, "time": "", "bar": -1}


def test_a_direction_is_told_in_seconds_of_the_region():
    event = {"share": 0.344, "start": 44100, "frames": 66150, "low_hz": 100.4, "high_hz": 2000}
    plan = {"region_start": 22050, "rate": 44100}
    assert call("found", "label", event, plan) == "34 %  0.5-2.0 s  100-2000 Hz"


@pytest.mark.parametrize(
    ("text", "most", "line"),
    [
        ("short", 5, "short"),
        ("longer", 5, "long…"),
        ("  two\n lines ", 20, "two lines"),
    ],
)
def test_a_line_is_cut_where_it_has_no_room(text, most, line):
    assert call("words", "line", text, most) == line


def test_a_path_is_cut_at_its_beginning():
    assert call("words", "path", "/music/long/loop.wav", 9) == "…loop.wav"


def test_a_text_is_cut_between_letters_and_not_within_one():
    assert call("words", "line", "a flut\U0001f3bb!", 8) == "a flut…"
    assert call("words", "path", "/music/loop.wav", 9) == "…loop.wav"
    assert call("words", "path", "/music/\U0001f3bb.wav", 6) == "….wav"
