"""The self test: the first thing that is run in REAPER, whose lines are to be believed."""

from pathlib import Path

import pytest
import soundfile

from bridge.harness import SCRIPT
from reaper.scene import both_luas, noise, saved, serving

SELF_TEST = "Retone - self test"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    with serving(home):
        yield home


def printed(reaper):
    """Runs it to its end; gives what the console says, line by line."""
    run = reaper.run(SELF_TEST)
    reaper.until(lambda: run.ended, seconds=60)
    return reaper.console.splitlines()


@both_luas
def test_all_is_well_and_nothing_but_its_own_tab_is_touched(tmp_path, home, lua):
    reaper = saved(tmp_path, home=home, lua=lua)
    reaper.project.add_track("Piano").add_item(noise(tmp_path / "loop.wav")).select()
    mine, before = reaper.project, reaper.project.plain()
    lines = printed(reaper)
    assert [line for line in lines if line.startswith("FAILED")] == []
    assert lines[-1] == "Retone self test: 24 passed, 0 failed."
    assert "at playrate 1.37: its sound differs by" in reaper.console
    assert "take effects are not in what Retone hears" in reaper.console
    assert (mine.plain(), mine.undo.names, mine.undo.loose) == (before, [], [])
    assert reaper.project is not mine
    assert [track.name for track in reaper.project.tracks] == ["self test", "self test"]
    assert reaper.open_accessors == reaper.loose_sources == []
    assert list(home.glob("**/clips/*/*.wav")) == []


def test_without_a_service_it_says_what_to_do_and_makes_no_tab(tmp_path):
    reaper = saved(tmp_path)
    lines = printed(reaper)
    assert lines[1].startswith("FAILED  the service runs: Retone's service does not run.")
    assert lines[-1] == "Retone self test: 0 passed, 1 failed."
    assert len(reaper.projects) == 1


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("samples[:] *= 0.99", "its sound differs by"),
        ("samples = samples[:-1]", "its file has"),
    ],
)
def test_a_result_that_is_not_what_was_read_is_seen(tmp_path, fault, says):
    worker = tmp_path / "worker.py"
    text = Path(SCRIPT[1]).read_text()
    spoil = f"""
import io, soundfile
def spoilt(data):
    samples, rate = soundfile.read(io.BytesIO(data), dtype="float32")
    {fault}
    out = io.BytesIO()
    soundfile.write(out, samples, rate, format="WAV", subtype="FLOAT")
    return out.getvalue()

def render("""
    text = text.replace("def render(", spoil.lstrip("\n"), 1)
    text = text.replace("stamped(clip.read_bytes(), job)", "stamped(spoilt(clip.read_bytes()), job)")
    worker.write_text(text)
    reaper = saved(tmp_path)
    with serving(reaper.home, worker=(SCRIPT[0], str(worker))):
        lines = printed(reaper)
    assert any(line.startswith("FAILED") and says in line for line in lines)
    assert not lines[-1].endswith(" 0 failed.")


def test_a_job_that_fails_is_seen(tmp_path):
    worker = tmp_path / "worker.py"
    text = Path(SCRIPT[1]).read_text()
    worker.write_text(text.replace('prompt = request.get("prompt") or', 'prompt = "fail out_of_memory" or'))
    reaper = saved(tmp_path)
    with serving(reaper.home, worker=(SCRIPT[0], str(worker))):
        lines = printed(reaper)
    assert "Retone: as it is: The script says fail." in lines
    assert "FAILED  as it is: a result landed" in lines
    assert soundfile.info(reaper.project.tracks[0].items[0].take.source.file).frames == 88200
