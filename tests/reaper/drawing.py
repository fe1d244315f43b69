"""Draws the pictures of docs/reaper.md from a real edit: the scripts, the service and the pocket model do the work.

``python -m reaper.drawing [FOLDER]`` (from ``tests``). What stands for REAPER is the fake, so these are drawings of its
project and of what the progress window asked for, and no pictures of REAPER.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image, ImageDraw, ImageFont

from bridge.harness import running
from reaper.fake import Reaper
from reaper.scene import EDIT, SPOOL

REPOSITORY = Path(__file__).parents[2]
DEMO = REPOSITORY / "bridge/retone_bridge/data/demo.flac"
PICTURES = REPOSITORY / "docs/pictures"
ENGINE = (sys.executable, "-m", "retone_engine.worker", "--device", "cpu")

SCALE = 2  # sharp on dense screens
HEAD, SECOND, ROW, GAP = 210, 90, 84, 3
GROUND, LANE, PANEL, INK, SOFT = (24, 25, 28), (34, 36, 40), (48, 50, 56), (236, 236, 234), (160, 162, 168)
SOURCE_COLOUR = (92, 128, 158)


def edited(folder):
    """A project with two tracks, of which one item is edited; and the window as it was halfway."""
    reaper = Reaper(folder)
    reaper.project.save_as(folder / "song" / "song.rpp")
    clip = folder / "Piano.wav"
    samples, rate = soundfile.read(DEMO)
    soundfile.write(clip, samples, rate, subtype="FLOAT")
    piano = reaper.project.add_track("Piano")
    piano.add_item(clip, position=0.5, name="Piano", D_FADEINLEN=0.1, D_FADEOUTLEN=0.3).select()
    reaper.project.add_track("Bass")
    with running(folder / "state", spool=reaper.home / SPOOL, worker=ENGINE):
        reaper.answer_inputs(prompt="played by a string quartet", **{"variations (": "2"})
        run = reaper.run(EDIT)
        halfway = []

        def ended():
            shares = [stroke.width for stroke in run.window.strokes if 0 < stroke.height < 8] if run.window else []
            if len(shares) > 1 and 0.4 < shares[1] / shares[0] < 0.7:
                halfway[:] = run.window.strokes
            return run.ended

        reaper.until(ended, seconds=120)
    return reaper.project, halfway, run.window


def arrangement(project):
    """The tracks from top to bottom with their items: names, fades and the peaks of what the files hold."""
    end = max(item.end for item in project.items) + 0.5
    image = Image.new("RGB", (SCALE * round(HEAD + end * SECOND), SCALE * (ROW + GAP) * len(project.tracks)), GROUND)
    draw = ImageDraw.Draw(image)
    for number, track in enumerate(project.tracks):
        top = SCALE * number * (ROW + GAP)
        bottom = top + SCALE * ROW
        draw.rectangle((0, top, image.width, bottom), LANE)
        draw.rectangle((0, top, SCALE * HEAD, bottom), PANEL)
        colour = _colour(track) or SOURCE_COLOUR
        draw.rectangle((0, top, SCALE * 5, bottom), colour)
        draw.text((SCALE * 16, top + SCALE * 12), f"{number + 1}", SOFT, _font(13))
        _write(draw, track.name, SCALE * 40, top + SCALE * 12, SCALE * (HEAD - 8), INK, 13)
        for item in track.items:
            _item(draw, item, top, bottom, colour)
    return image


def _item(draw, item, top, bottom, colour):
    left, right = (SCALE * (HEAD + SECOND * second) for second in (item["D_POSITION"], item.end))
    draw.rectangle((left, top, right, bottom), tuple(part // 2 for part in colour))
    draw.rectangle((left, top, right, top + SCALE * 17), colour)
    takes = f"   (take {int(item['I_CURTAKE']) + 1} of {len(item.takes)})" if len(item.takes) > 1 else ""
    _write(draw, item.take.name + takes, left + SCALE * 6, top, right, GROUND, 12)
    samples, rate = soundfile.read(item.take.source.file, always_2d=True)
    samples = samples[: round(item["D_LENGTH"] * rate)]
    middle, room = (top + SCALE * 17 + bottom) / 2, (bottom - top - SCALE * 20) / 2
    columns = np.array_split(np.abs(samples).max(axis=1), int(right - left))
    for x, column in enumerate(columns):
        high = room * min(1.0, float(column.max()))
        draw.line((left + x, middle - high, left + x, middle + high), tuple(min(255, part + 60) for part in colour))
    for name, near, far in (("D_FADEINLEN", left, 1), ("D_FADEOUTLEN", right, -1)):
        end = near + far * SCALE * SECOND * item[name]
        draw.line((near, bottom, end, top + SCALE * 17), INK, SCALE)


def window(strokes, width, height):
    """What the window drew, drawn again."""
    image = Image.new("RGB", (SCALE * width, SCALE * height), GROUND)
    draw = ImageDraw.Draw(image)
    for stroke in strokes:
        x, y, right, bottom = (
            SCALE * side for side in (stroke.x, stroke.y, stroke.x + stroke.width, stroke.y + stroke.height)
        )
        colour = tuple(round(255 * part) for part in stroke.colour)
        if not stroke.text:
            draw.rectangle((x, y, right - 1, bottom - 1), colour)
            continue
        if stroke.centred:
            x += (right - x - _font(13).getlength(stroke.text)) / 2
        _write(draw, stroke.text, x, y, right, colour, 13)
    return image


def _write(draw, text, x, y, right, colour, size):
    """A text, cut off where it has no room."""
    font = _font(size)
    while text and x + font.getlength(text) > right:
        text = text[:-1]
    draw.text((x, y), text, colour, font)


def _font(size):
    return ImageFont.load_default(SCALE * size)


def _colour(track):
    native = int(track["I_CUSTOMCOLOR"])
    return (native & 255, native >> 8 & 255, native >> 16 & 255) if native & 0x1000000 else None


def main(folder=PICTURES):
    with tempfile.TemporaryDirectory() as scratch:
        project, halfway, shown = edited(Path(scratch))
        pictures = {"reaper.png": arrangement(project), "reaper-progress.png": window(halfway, shown.width, 110)}
        for name, image in pictures.items():
            image.quantize(64).save(Path(folder) / name, optimize=True)
            sys.stdout.write(f"{Path(folder) / name}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
