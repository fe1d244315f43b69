"""Draws the device's face from the patch inside Retone.amxd: each tab, in a dark and in a light theme.

``python -m live.drawing [FOLDER]`` (from ``tests``). What is drawn are the boxes where the patch puts them, and in them
what the device's script lets them show halfway through an edit in the fake of Live. It is no picture of Live.
"""

import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw

from live.container import DEVICE, read
from live.editing import RATE, Editing, sound
from live.face import DARK, LIGHT, SCALE, TABS, Face, State, font_of, line_height
from live.scene import audio_clip, audio_track

PICTURES = Path(__file__).parents[2] / "docs/pictures"
MARGIN = 14
NOTE = "Drawn from the patch description: not a screenshot."

PARAMETERS = ("Strength", "Guidance", "Seed", "Variations", "Count", "Noise Level", "Prompt", "Model", "Service Port")
KNOBS = tuple(f"Direction {number}" for number in range(1, 7))
TOLD = {"status": "status", "clip": "edit_clip", "engine": "engine", "time": "time"} | {
    f"direction{number}": f"directions_label_{number}" for number in range(1, 7)
}

# Directions as the service tells of them: share, start and length in seconds, lowest and highest frequency.
FOUND = ((0.34, 0.5, 1.5, 100.0, 2000.0), (0.21, 0.0, 4.0, 60.0, 400.0), (0.12, 1.5, 2.0, 2000.0, 8000.0))
TURNED = {"Strength": "55 %", "Seed": 7, "Variations": 2, "Direction 1": 0.45, "Direction 2": -0.3}


def halfway(folder):
    """The device's state halfway through an edit of a clip whose directions were found before."""
    clip = audio_clip(sound(folder / "Piano.wav", 4 * RATE), name="Piano")
    with Editing(folder, audio_track("Keys", [clip])) as editing:
        device = editing.device
        editing.select("live_set tracks 0 clip_slots 0 clip")
        device.press("Find")
        editing.live.advance(0.1)
        job = next(arguments[0] for address, arguments in device.sent if address == "/retone/directions")
        device.hear("/retone/ack", job)
        for number, (share, start, seconds, low, high) in enumerate(FOUND, 1):
            device.hear("/retone/direction", job, number, share, int(start * RATE), int(seconds * RATE), low, high)
        for index in range(1, 7):
            device.hear("/retone/result", job, index, sound(folder / f"{index}.wav", 4 * RATE))
        device.hear("/retone/done", job, 6, str(folder / "1.wav"))
        editing.live.advance(10)
        device.hear("/retone/status.reply", "", 0, 1, 0, "cpu", "pocket", 60)
        device.type("Prompt", "played by a string quartet", enter=True)
        for name, value in TURNED.items():
            device.turn(name, value)
        asked = editing.ask()
        device.hear("/retone/ack", asked["id"])
        device.hear("/retone/progress", asked["id"], 0.62, "replay", 7.0)
        editing.live.advance(0.3)
        visible = {}
        for number, tab in enumerate(TABS):
            device.turn("Tab", number)
            editing.live.advance(0.1)
            visible[tab] = device.visible()
        return State(
            {box: device.text(word) for word, box in TOLD.items()} | {"directions_clip": device.text("clip")},
            {name: device.value(name) for name in PARAMETERS + KNOBS},
            device.lamp,
            device.bar,
            visible,
        )


def sheet(device, state, tabs=TABS):
    """Tabs one below the other, in both themes, and what the drawing is."""
    faces = [[Face(device, state, tab, theme).image for theme in (DARK, LIGHT)] for tab in tabs]
    wide, high = faces[0][0].size
    gap = SCALE * MARGIN
    note = line_height(10) + gap
    drawn = Image.new("RGB", (2 * wide + 3 * gap, len(faces) * (high + gap) + gap + note), DARK.ground)
    draw = ImageDraw.Draw(drawn)
    draw.rectangle((gap + wide + gap // 2, 0, drawn.width, drawn.height - note), LIGHT.ground)
    for row, pair in enumerate(faces):
        for column, face in enumerate(pair):
            drawn.paste(face, (gap + column * (wide + gap), gap + row * (high + gap)))
    draw.text((gap, drawn.height - note + gap // 2), NOTE, DARK.soft, font_of(10))
    return drawn


def main(folder=PICTURES):
    device = read(DEVICE.read_bytes())
    with tempfile.TemporaryDirectory() as scratch:
        state = halfway(Path(scratch))
    for name, tabs in (("live.png", TABS), ("live-edit.png", TABS[:1])):
        path = Path(folder) / name
        sheet(device, state, tabs).quantize(96).save(path, optimize=True)
        sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
