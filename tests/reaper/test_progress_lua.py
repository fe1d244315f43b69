"""The window that shows what is under way: drawn from the ledger, closed without ending anything."""

import pytest

from reaper.fake import Reaper
from reaper.scene import EDIT, ESCAPE, close, noise, saved, serving, until_landed, until_shown
from retone_bridge.terminal import STAGES

SHOW = "Retone - show progress window"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    with serving(home):
        yield home


@pytest.fixture
def reaper(tmp_path, home):
    reaper = saved(tmp_path, home=home)
    reaper.project.add_track("Piano").add_item(noise(tmp_path / "loop.wav")).select()
    return reaper


# Somebody else's batch, who is alive.
BATCH = """
local ledger = require("retone.ledger")
local jobs = {
  { id = "r1", name = "one", state = "done" }, { id = "r2", name = "two", state = "asked" },
  { id = "r3", name = "three", state = "asked" }, { id = "r4", name = "four", state = "read" },
  { id = "r5", name = "five", state = "failed" }, { id = "r6", name = "six", state = "read" },
}
ledger.mark("c1", 1)
local title = "a flute, and a very long prompt " .. ("x"):rep(100)
ledger.add({ id = "b1", owner = "c1", cancels = 0, title = title, jobs = jobs })
ledger.progress(jobs[2], { fraction = 0.25, stage = "replay", seconds_left = 75.0 })
ledger.progress(jobs[3], { fraction = 0, stage = "queued", position = 3 })
ledger.progress(jobs[4], { fraction = 0.5, stage = "audio" })
return require("retone.progress").rows()
"""


def test_each_job_has_a_row_that_says_how_far_it_is(tmp_path):
    rows = Reaper(tmp_path).lua_values(BATCH)
    assert [row["name"].split(":")[0] for row in rows][:2] == ["1 of 6  one", "2 of 6  two"]
    assert all(len(row["name"]) < 80 for row in rows)
    assert [(row["state"], row["fraction"]) for row in rows] == [
        ("done", 1),
        ("editing, 1:15 left", 0.25),
        ("waits, number 3", 0),
        ("reading the item", 0.5),
        ("failed", 0),
        ("waits", 0),
    ]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_is_told_in_the_command_lines_words(tmp_path, stage):
    code = f"""
    local ledger, job = require("retone.ledger"), {{ id = "r1", name = "one", state = "asked" }}
    ledger.add({{ id = "b1", owner = "c1", cancels = 0, title = "a flute", jobs = {{ job }} }})
    ledger.progress(job, {{ fraction = 0, stage = "{stage}", seconds_left = -1 }})
    return require("retone.progress").rows()[1].state
    """
    assert Reaper(tmp_path).lua_values(code) == STAGES[stage].split()[0]


def test_a_bar_is_as_long_as_the_job_is_far(tmp_path):
    reaper = Reaper(tmp_path)
    reaper.lua_run(BATCH)
    run = reaper.run(SHOW)
    until_shown(reaper, run, "editing, 1:15 left")
    bars = [width for _x, _y, width, height, _filled in run.window.rectangles if height == 5]
    troughs, done = bars[::2], bars[1::2]
    assert [share / whole for share, whole in zip(done, troughs, strict=True)][:2] == [1.0, 0.25]
    close(reaper, run)


def test_more_jobs_than_fit_are_counted(tmp_path):
    reaper = Reaper(tmp_path)
    reaper.lua_run(BATCH)
    run = reaper.run(SHOW)
    until_shown(reaper, run, "and ")
    shown = sum(" of 6  " in line for line in run.window.texts)
    assert f"and {6 - shown} more" in run.window.text
    close(reaper, run)


def test_escape_closes_the_window_and_the_job_goes_on(reaper):
    reaper.answer_inputs(prompt="late")
    run = reaper.run(EDIT)
    until_shown(reaper, run, "writing")
    run.window.press(ESCAPE)
    reaper.until(lambda: not run.window.open)
    assert not run.ended
    until_landed(reaper)
    reaper.until(lambda: run.ended)


def test_it_stays_until_it_is_closed_when_it_was_asked_for(reaper):
    run = reaper.run(SHOW)
    until_shown(reaper, run, "cpu, script")
    for _ in range(300):
        reaper.tick()
    assert run.window.open
    close(reaper, run)


def test_only_one_window_is_open(reaper):
    shown = reaper.run(SHOW)
    reaper.answer_inputs(prompt="a flute")
    run = reaper.run(EDIT)
    until_landed(reaper)
    reaper.until(lambda: run.ended)
    assert run.window is None
    close(reaper, shown)


def test_what_is_said_stands_in_whichever_window_is_open(reaper):
    reaper.lua_run('require("retone.settings").remember("edit", { prompt = "fail disk_full", seed = "1" })')
    shown = reaper.run(SHOW)
    until_shown(reaper, shown, "cpu")
    run = reaper.run("Retone - repeat last edit on selected items")
    until_shown(reaper, shown, "loop.wav: The script says fail.")
    assert reaper.console == ""
    reaper.until(lambda: run.ended)
    close(reaper, shown)


def test_only_a_window_that_was_asked_for_takes_the_keyboard(reaper):
    asked = reaper.run(SHOW)
    assert reaper.focus is asked.window
    close(reaper, asked)
    reaper.answer_inputs(prompt="a flute")
    run = reaper.run(EDIT)
    reaper.until(lambda: run.window)
    assert reaper.focus == "arrange"
    until_landed(reaper)
    close(reaper, run)


def test_where_it_was_docked_is_remembered(reaper):
    run = reaper.run(SHOW)
    run.window.dock = 513
    reaper.tick()
    run.window.close()
    reaper.until(lambda: run.ended)
    reaper.restart()
    run = reaper.run(SHOW)
    assert run.window.dock == 513
    close(reaper, run)


def test_a_long_sentence_is_broken_into_lines(reaper):
    words = " ".join(f"word{number}" for number in range(40))
    shown = reaper.run(SHOW)
    until_shown(reaper, shown, "cpu")
    reaper.lua_run('require("retone.report").say(...)', words)
    until_shown(reaper, shown, "word39")
    lines = [line for line in shown.window.texts if "word" in line]
    assert len(lines) > 3
    assert all(7 * len(line) <= 460 for line in lines)
    assert " ".join(lines) == words
    close(reaper, shown)


def test_without_a_service_it_says_what_to_do(tmp_path):
    reaper = saved(tmp_path)
    run = reaper.run(SHOW)
    until_shown(reaper, run, "does not run")
    assert "`retone serve` in a terminal." in " ".join(run.window.texts)
    close(reaper, run)
