"""Compose and render the clip that `retone demo` edits: eight seconds of piano, stereo, 44.1 kHz.

Usage: python demo_clip.py OUT.flac
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import mido
import numpy as np
import soundfile

from data import SOUNDFONT

RATE = 44_100
SECONDS = 8.0
PEAK = 0.7
BEAT_TICKS = 480
BEATS_PER_MINUTE = 96

# (beat, beats, MIDI pitch, velocity): an upper voice in D minor over broken tenths.
MELODY = (
    (0.0, 1.0, 74, 88),
    (1.0, 0.5, 77, 82),
    (1.5, 0.5, 76, 78),
    (2.0, 1.5, 74, 86),
    (3.5, 0.5, 69, 74),
    (4.0, 1.0, 72, 88),
    (5.0, 0.5, 76, 84),
    (5.5, 0.5, 74, 80),
    (6.0, 1.0, 72, 86),
    (7.0, 1.0, 67, 76),
    (8.0, 0.75, 70, 90),
    (8.75, 0.25, 72, 80),
    (9.0, 1.0, 74, 92),
    (10.0, 0.5, 73, 84),
    (10.5, 0.5, 76, 86),
    (11.0, 1.6, 74, 84),
)
BASS = (
    (0.0, 2.0, 50, 70),
    (0.5, 1.5, 57, 60),
    (2.0, 2.0, 53, 66),
    (4.0, 2.0, 52, 68),
    (4.5, 1.5, 60, 58),
    (6.0, 2.0, 48, 66),
    (8.0, 2.0, 55, 70),
    (8.5, 1.5, 62, 58),
    (10.0, 1.0, 57, 68),
    (11.0, 1.6, 50, 72),
    (11.0, 1.6, 57, 60),
)


def main(out: Path) -> None:
    """Write the clip to `out`; the extension chooses the format."""
    events = []
    for beat, beats, pitch, velocity in MELODY + BASS:
        events.append((round(beat * BEAT_TICKS), 1, mido.Message("note_on", note=pitch, velocity=velocity)))
        events.append((round((beat + beats) * BEAT_TICKS) - 1, 0, mido.Message("note_off", note=pitch)))
    events.sort(key=lambda event: event[:2])
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(BEATS_PER_MINUTE))])
    now = 0
    for tick, _, message in events:
        track.append(message.copy(time=tick - now))
        now = tick
    midi = mido.MidiFile(ticks_per_beat=BEAT_TICKS, type=0, tracks=[track])
    with tempfile.TemporaryDirectory() as folder:
        score, wave = Path(folder, "score.mid"), Path(folder, "sound.wav")
        midi.save(score)
        options = ["-ni", "-q", "-R", "1", "-C", "0", "-g", "0.5", "-r", str(RATE), "-O", "s16", "-T", "wav"]
        subprocess.run(["fluidsynth", *options, "-F", wave, SOUNDFONT, score], check=True, stdout=subprocess.DEVNULL)
        sound, _ = soundfile.read(wave, dtype="float32", always_2d=True)
    frames = round(SECONDS * RATE)
    sound = np.pad(sound, ((0, max(0, frames - len(sound))), (0, 0)))[:frames]
    fade = round(0.2 * RATE)
    sound[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)[:, None]
    soundfile.write(out, sound * (PEAK / np.abs(sound).max()), RATE, subtype="PCM_16")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
