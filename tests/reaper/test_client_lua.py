"""A script and the real service talk through the spool: whole jobs, refusals, deaths, losses."""

import sys
import time

import numpy as np
import pytest
import soundfile

from reaper.asking import Asking
from reaper.fake import Reaper
from reaper.scene import both_luas, serving
from reaper.service import Service
from retone_bridge.osc import decode


@pytest.fixture(autouse=True)
def brisk(monkeypatch):
    """A service that says sooner to come again."""
    monkeypatch.setattr("retone_bridge.jobs.RETRY_MS", 100)


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "loop.wav"
    soundfile.write(path, np.random.default_rng(1).uniform(-0.5, 0.5, (800, 2)), 8000, subtype="FLOAT")
    return path


@both_luas
def test_a_whole_job(tmp_path, clip, lua):
    with serving(tmp_path / "home") as service:
        script = Asking(tmp_path, lua)
        script.ask("r1", clip, "prompt", "strings", "variations", 2)
        script.until("r1", "done")
        script.ticks(0.7)  # the end would be told again now
        assert script.kinds("r1") == ["ack", "queued", "result", "result", "done"]
        done = script.of("r1", "done")
        renders = tmp_path / "home" / "state" / "renders"
        assert done["count"] == 2
        assert done["results"] == {"1": str(renders / "loop-r1-1.wav"), "2": str(renders / "loop-r1-2.wav")}
        assert service.server._journal.find("r1").received
        assert list((script.spool / "in").iterdir()) == []
        progress = [one for one in script.heard if one["kind"] == "progress"]
        assert all(0 <= one["fraction"] <= 1 and one["stage"] for one in progress)
        assert script.run.slowest_s < 0.05


def test_directions_come_with_the_end(tmp_path, clip):
    with serving(tmp_path / "home"):
        script = Asking(tmp_path)
        script.ask("r1", clip, "count", 2, address="/retone/directions")
        script.until("r1", "done")
        assert script.kinds("r1").count("direction") == 2
        done = script.of("r1", "done")
        assert (done["count"], sorted(done["results"])) == (4, ["1", "2", "3", "4"])
        assert [done["directions"][number]["share"] for number in "12"] == [0.5, 0.25]


def test_a_job_that_fails_and_one_that_is_refused(tmp_path, clip):
    with serving(tmp_path / "home") as service:
        script = Asking(tmp_path)
        script.ask("r1", clip, "prompt", "fail out_of_memory")
        script.ask("r2", clip, "strength", 7)
        script.until("r1", "fail")
        script.until("r2", "fail")
        assert script.of("r1", "fail")["code"] == "out_of_memory"
        assert script.of("r2", "fail")["code"] == "bad_request"
        script.ticks(0.5)
        assert service.server._journal.find("r1").received


def test_a_job_that_is_cancelled_midway(tmp_path, clip):
    with serving(tmp_path / "home"):
        script = Asking(tmp_path)
        script.ask("r1", clip, "prompt", "slow")
        script.reaper.until(lambda: any(one["kind"] == "progress" for one in script.heard))
        script.do("cancel", "r1")
        script.until("r1", "fail")
        assert script.of("r1", "fail")["code"] == "cancelled"
        assert list((tmp_path / "home" / "state" / "renders").iterdir()) == []


def test_jobs_that_the_service_has_no_room_for_are_asked_for_again(tmp_path, clip, monkeypatch):
    monkeypatch.setitem(sys.modules["retone_bridge.jobs"].Jobs.__init__.__kwdefaults__, "asker_limit", 1)
    with serving(tmp_path / "home"):
        script = Asking(tmp_path)
        for number in range(1, 6):
            script.ask(f"r{number}", clip, "prompt", "count")
        for number in range(1, 6):
            script.until(f"r{number}", "done")
            assert script.kinds(f"r{number}").count("done") == 1
        assert sorted((tmp_path / "starts").read_text().split()) == ["r1", "r2", "r3", "r4", "r5"]


def test_a_job_that_the_service_has_lost_is_asked_for_again(tmp_path, clip):
    reaper = Reaper(tmp_path, pace=10)
    with serving(tmp_path / "home"):
        script = Asking(tmp_path, reaper=reaper)
        script.ask("r1", clip, "prompt", "slow once")
        script.until("r1", "ack")
    with serving(tmp_path / "home", "another state"):
        script.until("r1", "done")
        assert script.of("r1", "done")["first_path"] == str(
            tmp_path / "home" / "another state" / "renders" / "loop-r1.wav"
        )


def test_a_service_that_is_killed_midway_and_started_again(tmp_path, clip):
    with Service(tmp_path / "home") as service:
        script = Asking(tmp_path)
        script.ask("r1", clip, "prompt", "slow once")
        script.reaper.until(lambda: any(one["kind"] == "progress" for one in script.heard))
        service.kill()
        script.do("ask", "r2", "/retone/edit", clip, "prompt", "count")
        script.until("r1", "silent")
        script.until("r2", "silent")
        assert "Retone - start the service" in script.of("r1", "silent")["message"]
        service.start()
        script.until("r1", "back", "done")
        script.until("r2", "back", "done")
        assert [script.kinds(id).count("done") for id in ("r1", "r2")] == [1, 1]
        assert (tmp_path / "starts").read_text().split() == ["r2"]


def test_a_request_waits_for_a_service_that_is_not_there_yet(tmp_path, clip):
    script = Asking(tmp_path)
    script.ask("r1", clip, "prompt", "count")
    script.until("r1", "silent")
    with serving(tmp_path / "home"):
        script.until("r1", "back", "done")
    assert (tmp_path / "starts").read_text().split() == ["r1"]


def test_results_that_were_lost_are_asked_for(tmp_path, clip):
    with serving(tmp_path / "home"):
        script = Asking(tmp_path)
        script.ask("r1", clip, "prompt", "strings", "variations", 3)
        script.reaper.tick()
        folder = script.spool / "out" / script.client

        def lying():
            return {path: decode(path.read_bytes())[0].address for path in sorted(folder.glob("*.osc"))}

        end = time.monotonic() + 10
        while "/retone/done" not in lying().values():
            assert time.monotonic() < end
            time.sleep(0.02)
        lost = [path for path, address in lying().items() if address in ("/retone/result", "/retone/ack")]
        for path in lost:
            path.unlink()
        script.until("r1", "done")
        assert len(lost) == 4
        assert sorted(script.of("r1", "done")["results"]) == ["1", "2", "3"]
        assert script.kinds("r1")[-1] == "done"


def test_an_end_is_told_once_until_it_is_confirmed_and_after(tmp_path, clip):
    with serving(tmp_path / "home") as service:
        script = Asking(tmp_path, confirms=False)
        script.ask("r1", clip, "prompt", "strings")
        script.until("r1", "done")
        script.ticks(1.2)  # it was told again meanwhile
        assert script.kinds("r1").count("done") == 1
        assert not service.server._journal.find("r1").received
        script.do("received", "r1")
        script.ticks(0.5)
        assert service.server._journal.find("r1").received
        assert script.kinds("r1").count("done") == 1


def test_another_run_goes_on_with_a_job(tmp_path, clip):
    with serving(tmp_path / "home"):
        first = Asking(tmp_path)
        first.ask("r1", clip, "prompt", "slow once")
        first.until("r1", "ack")
        first.run.end()
        second = Asking(tmp_path, reaper=first.reaper)
        second.do("follow", "r1")
        second.do("follow", "r2")
        second.do("cancel", "r1")
        second.until("r1", "fail")
        second.until("r2", "fail")
        assert second.of("r1", "fail")["code"] == "cancelled"
        assert second.of("r2", "fail")["code"] == "unknown_job"


def test_questions_are_answered(tmp_path):
    with serving(tmp_path / "home"):
        script = Asking(tmp_path)
        script.do("question", "/retone/status", "/retone/status.reply")
        script.do("question", "/retone/sync", "/retone/synced", 42)
        script.do("question", "/retone/notify", "/retone/ack", 0)
        script.do("question", "/retone/preset/load", "/retone/preset/load.reply", "no such preset")
        script.reaper.until(lambda: len(script.heard) == 4)
        status, sync, notify, load = sorted(
            script.heard, key=lambda one: ["status", "sync", "notify", "load"].index(one["to"].split("/")[-1])
        )
        assert (len(status["found"]), status["found"]["5"], status["why"]) == (8, "cpu", "")
        assert sync["found"] == {"1": 42}
        assert notify["found"] == {"1": "/retone/notify"}
        assert load["found"] is False
        assert load["why"]


def test_a_question_that_nobody_answers_says_why(tmp_path):
    script = Asking(tmp_path, reaper=Reaper(tmp_path, pace=10))
    script.do("question", "/retone/status", "/retone/status.reply")
    script.reaper.until(lambda: script.heard)
    (answer,) = script.heard
    assert answer["found"] is False
    assert "Retone's service does not run" in answer["why"]
