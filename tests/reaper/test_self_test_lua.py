"""The self test: the first thing that is run in REAPER, whose lines are to be believed."""

from pathlib import Path

import pytest
import soundfile

from bridge.harness import SCRIPT
from reaper.scene import noise, saved, serving

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


def test_all_is_well_and_nothing_but_its_own_tab_is_touched(tmp_path, home):
    reaper = saved(tmp_path, home=home, lua="5.3")  # with 5.4: tests/end_to_end/test_reaper_sound.py
    reaper.project.add_track("Piano").add_item(noise(tmp_path / "loop.wav")).select()
    mine, before = reaper.project, reaper.project.plain()
    lines = printed(reaper)
    assert [line for line in lines if line.startswith("FAILED")] == []
    assert lines[-1] == "Retone self test: 30 passed, 0 failed."
    assert "at playrate 1.37: its sound differs by" in reaper.console
    assert "at playrate 1.37: read in blocks of 300 frames it differs by 0.0000" in reaper.console
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


def test_what_is_wrong_with_a_result_or_with_reading_is_seen(tmp_path, monkeypatch):
    """The first job fails, the second one's file lacks a frame, those of the others are too quiet; and of an offset
    accessors know nothing.
    """
    monkeypatch.setattr("reaper.fake_audio.source_seconds", lambda take, item_s: item_s * take["D_PLAYRATE"])
    worker = tmp_path / "worker.py"
    text = Path(SCRIPT[1]).read_text()
    spoil = """
import io, soundfile
jobs = []
def spoilt(data):
    samples, rate = soundfile.read(io.BytesIO(data), dtype="float32")
    samples = samples[:-1] if len(jobs) == 2 else 0.99 * samples
    out = io.BytesIO()
    soundfile.write(out, samples, rate, format="WAV", subtype="FLOAT")
    return out.getvalue()

def render("""
    for before, after in (
        ("def render(", spoil.lstrip()),
        ("cut(clip.read_bytes(), request)", "spoilt(clip.read_bytes())"),
        (
            'prompt = request.get("prompt") or',
            'jobs.append(job); prompt = "fail out_of_memory" if len(jobs) == 1 else request.get("prompt") or',
        ),
    ):
        assert before in text
        text = text.replace(before, after, 1)
    worker.write_text(text)
    reaper = saved(tmp_path)
    with serving(reaper.home, worker=(SCRIPT[0], str(worker))):
        lines = printed(reaper)
    assert "Retone: as it is: The script says fail." in lines
    failed = [line for line in lines if line.startswith("FAILED")]
    assert "FAILED  as it is: a result landed" in failed
    assert any("its file has" in line for line in failed)
    assert any("its sound differs by" in line for line in failed)
    (read,) = (line for line in failed if line.startswith("FAILED  an item "))
    assert "from an offset: what is read of it differs from the file by" in read
    assert not lines[-1].endswith(" 0 failed.")
    assert soundfile.info(reaper.project.tracks[0].items[0].take.source.file).frames == 88200
