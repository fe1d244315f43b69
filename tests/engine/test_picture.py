import json

import numpy as np
import pytest
import soundfile
from PIL import Image
from scipy.signal import find_peaks

from engine.sounds import noise, notes
from retone_engine.audio.wav import write
from retone_engine.picture import compare, main
from retone_engine.recipe import Recipe
from retone_engine.request import RetoneError
from retone_engine.sheet import WIDTH

RATE = 44100


def pixels(path):
    return np.asarray(Image.open(path).convert("RGB"), np.float32)


def draw(path, before, *afters, **settings):
    labels = ["Before", *[f"After {number}" for number in range(1, len(afters) + 1)]]
    compare(before, list(afters), RATE, path, labels, **settings)
    return pixels(path)


def tone(hertz, seconds=2.0):
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(RATE * seconds)) / RATE).astype(np.float32)[None]


def panels(picture):
    """Rows of the paper, first and last, of each panel: where a column of the plot is not paper all over."""
    paper = (picture[:, 150:1640] == picture[0, 0]).all(axis=(1, 2))
    edges = np.flatnonzero(np.diff(paper.astype(int), prepend=1, append=1))
    return [(first, last) for first, last in edges.reshape(-1, 2) if last - first > 200]


def light(picture, panel, columns=slice(600, 1000)):
    """Mean brightness of each row of a panel."""
    return picture[panel[0] : panel[1], columns].mean(axis=(1, 2))


@pytest.mark.parametrize("afters", [1, 3])
def test_each_clip_has_its_panel(tmp_path, afters):
    picture = draw(tmp_path / "a.png", notes(RATE, 1)[None], *[notes(RATE, 1)[None]] * afters)
    assert len(panels(picture)) == afters + 1


def test_a_higher_tone_is_drawn_higher_and_an_octave_is_an_octave(tmp_path):
    # Each of the three windows has its turn.
    octaves = sum(tone(hertz, 1.0) for hertz in (100, 200, 400, 800, 1600, 3200, 6400))
    picture = draw(tmp_path / "a.png", octaves, octaves)
    panel, _ = panels(picture)
    rows = light(picture, panel)
    peaks, _ = find_peaks(rows, height=0.7 * rows.max(), distance=10)
    octave = len(rows) / np.log2(16000 / 40)
    assert len(peaks) == 7
    assert np.abs(np.diff(peaks) - octave).max() < 2


def test_a_click_is_drawn_where_it_is(tmp_path):
    sound = 1e-4 * noise(RATE * 2)
    sound[0, RATE // 2] = 0.5
    picture = draw(tmp_path / "a.png", sound, sound)
    [(first, last), _] = panels(picture)
    columns = picture[first:last, 132:1668].mean(axis=(0, 2))
    assert abs(np.argmax(columns) / len(columns) - 0.25) < 0.01


def test_panels_share_one_scale_of_level(tmp_path):
    picture = draw(tmp_path / "a.png", tone(440), 0.01 * tone(440))
    loud, soft = (light(picture, panel).max() for panel in panels(picture))
    assert loud > soft + 40


def test_opposed_channels_do_not_vanish(tmp_path):
    mono = tone(440)
    picture = draw(tmp_path / "a.png", mono, np.concatenate([mono, -mono]))
    alone, opposed = (light(picture, panel) for panel in panels(picture))
    assert np.abs(alone - opposed).max() < 3


def test_a_shorter_after_ends_where_it_ends(tmp_path):
    picture = draw(tmp_path / "a.png", noise(RATE * 2, 2), noise(RATE))
    lower = panels(picture)[1]
    assert light(picture, lower, slice(300, 700)).mean() > light(picture, lower, slice(1000, 1500)).mean() + 30


@pytest.mark.parametrize("frames", [1, 500])
def test_tiny_and_silent_clips_are_drawn(tmp_path, frames):
    silence = np.zeros((2, frames), np.float32)
    assert draw(tmp_path / "a.png", silence, noise(frames), silence).shape[1] == WIDTH


def test_a_long_label_ends_with_its_panel(tmp_path):
    sound = noise(500)
    compare(sound, [sound], RATE, tmp_path / "a.png", ["w" * 500, "after"])
    picture = pixels(tmp_path / "a.png")
    above = picture[: panels(picture)[0][0] - 2, 1668 : 1840 - 160]
    assert (above == picture[0, 0]).all()


def test_a_picture_is_the_same_each_time_and_replaces_the_old_one(tmp_path):
    draw(tmp_path / "a.png", noise(5000), noise(5000, seed=1))
    first = (tmp_path / "a.png").read_bytes()
    draw(tmp_path / "a.png", noise(5000), noise(5000, seed=1))
    assert (tmp_path / "a.png").read_bytes() == first
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_seconds_are_counted_from_where_the_region_begins(tmp_path):
    sound = tone(440, 1.0)
    first, later, far = (draw(tmp_path / "a.png", sound, sound, begin=begin) for begin in (0.0, 2.0, 2.05))
    bottom = panels(first)[-1][1]
    assert np.array_equal(first[:bottom], later[:bottom])
    assert not np.array_equal(first[bottom + 14 :], later[bottom + 14 :])  # other numbers
    assert not np.array_equal(later[bottom + 5], far[bottom + 5])  # at other places


def test_what_cannot_be_drawn_is_refused(tmp_path):
    with pytest.raises(RetoneError, match="holds no frames"):
        draw(tmp_path / "a.png", noise(0), noise(10))
    with pytest.raises(RetoneError, match="no folder"):
        draw(tmp_path / "none" / "a.png", noise(10), noise(10))
    with pytest.raises(ValueError, match="labels"):
        compare(noise(10), [noise(10)], RATE, tmp_path / "a.png", ["Before"])


def made_of(path, samples, start):
    """A result with its recipe, which says where in the clip it stands."""
    source = {"name": "clip.wav", "rate": RATE, "channels": 1, "start": start, "frames": samples.shape[1], "sha256": ""}
    write(path, samples, RATE, Recipe({"kind": "edit"}, source, {}).to_json())


def test_an_edit_is_drawn_below_the_part_of_the_clip_that_it_stands_for(tmp_path, capsys):
    clip, edit, output = tmp_path / "clip.wav", tmp_path / "edit.wav", tmp_path / "both.png"
    low, high = tone(100, 1.0), tone(3200, 1.0)
    soundfile.write(clip, np.concatenate([low, high], axis=1)[0], RATE)
    made_of(edit, high[:, : RATE // 2], RATE)
    assert main([str(clip), str(edit), "--output", str(output)]) == 0
    before, after = (np.argmax(light(pixels(output), panel)) for panel in panels(pixels(output)))
    assert abs(before - after) < 2
    edit.unlink()
    soundfile.write(edit, high[0, : RATE // 2], RATE)  # by another program, without a recipe
    assert main([str(clip), str(edit), "--output", str(output)]) == 0
    before, after = (np.argmax(light(pixels(output), panel)) for panel in panels(pixels(output)))
    assert before > after + 100
    assert main([str(clip), str(tmp_path / "gone.wav"), "--output", str(tmp_path / "none.png")]) == 1
    assert capsys.readouterr().err.startswith("no_such_file: ")
    assert not (tmp_path / "none.png").exists()


COLUMNS = [slice(140, 610), slice(660, 1130), slice(1180, 1650)]


@pytest.fixture
def previews(tmp_path):
    """A clip of two seconds, a low tone and then a high one, and previews of two directions, one for each second."""
    soundfile.write(tmp_path / "clip.wav", np.concatenate([tone(100, 1.0), tone(3200, 1.0)], axis=1)[0], RATE)
    listed = []
    for number, start, hertz in ((1, 0, 100), (2, RATE, 3200)):
        made_of(tmp_path / f"{number}-plus.wav", tone(2 * hertz, 1.0), start)
        made_of(tmp_path / f"{number}-minus.wav", tone(hertz / 2, 1.0), start)
        where = {"start": start + RATE // 4, "frames": RATE // 2, "low_hz": 0.7 * hertz, "high_hz": 1.4 * hertz}
        files = {side: f"{number}-{side}.wav" for side in ("plus", "minus")}
        listed.append({"direction": number, "share": 0.02, **where, **files})
    (tmp_path / "directions.json").write_text(json.dumps({"directions": listed}))
    return tmp_path


def draw_directions(folder, output="directions.png"):
    given = [str(folder / "clip.wav"), "--directions", str(folder / "directions.json")]
    return main([*given, "--output", str(folder / output)])


def test_each_direction_has_a_row_with_its_piece_of_the_clip_between_its_sides(previews):
    assert draw_directions(previews) == 0
    picture = pixels(previews / "directions.png")
    assert picture.shape[1] == WIDTH
    rows = panels(picture)
    octave = (rows[0][1] - rows[0][0]) / np.log2(16000 / 40)
    for row, hertz in zip(rows, (100, 3200), strict=True):
        # Outside the frame, whose lines are as bright as any tone.
        clip, minus, plus = (np.argmax(light(picture, row, slice(at.start, at.start + 60))) for at in COLUMNS)
        assert abs(clip - octave * np.log2(16000 / hertz)) < 3
        assert abs(minus - clip - octave) < 3
        assert abs(clip - plus - octave) < 3


def test_a_frame_shows_when_and_on_which_frequencies_a_direction_acts(previews):
    assert draw_directions(previews) == 0
    picture = pixels(previews / "directions.png")
    ink = (picture == (240, 238, 234)).all(axis=2)
    for first, last in panels(picture):
        for column in COLUMNS:
            inside = ink[first:last, column.start - 8 : column.stop + 8]
            lines = np.flatnonzero(inside.mean(axis=0) > 0.1)
            assert np.allclose([lines[0], lines[-1]], np.array([0.25, 0.75]) * 493, atol=4)
            lines = np.flatnonzero(inside.mean(axis=1) > 0.4)
            assert abs(lines[-1] - lines[0] - 300 / np.log2(16000 / 40)) < 4  # 0.7 to 1.4 is an octave


def test_a_frame_is_open_where_it_leaves_the_picture(previews):
    listing = json.loads((previews / "directions.json").read_text())
    for each in listing["directions"]:
        each |= {"start": 0, "frames": 2 * RATE, "low_hz": 0, "high_hz": 4000}
    (previews / "directions.json").write_text(json.dumps(listing))
    assert draw_directions(previews) == 0
    picture = pixels(previews / "directions.png")
    ink = (picture == (240, 238, 234)).all(axis=2)
    for first, last in panels(picture):
        lines = np.flatnonzero(ink[first:last, 140:610].mean(axis=1) > 0.4)
        assert np.allclose(lines, 300 * np.log(16000 / 4000) / np.log(16000 / 40), atol=2)  # its top alone
        assert not ink[first:last, 627:650].any()  # between the columns


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, "no_such_file"),
        ("{", "bad_request"),
        ('{"directions": []}', "bad_request"),
        ('{"directions": [{}]}', "bad_request"),
    ],
)
def test_what_is_no_listing_is_refused(previews, capsys, text, code):
    (previews / "directions.json").unlink()
    if text is not None:
        (previews / "directions.json").write_text(text)
    assert draw_directions(previews) == 1
    assert capsys.readouterr().err.startswith(f"{code}: ")
    assert not (previews / "directions.png").exists()


def test_a_call_without_anything_to_draw_is_refused(previews, capsys):
    with pytest.raises(SystemExit):
        main([str(previews / "clip.wav"), "--output", str(previews / "none.png")])
    assert "name edits, or the --directions" in capsys.readouterr().err
