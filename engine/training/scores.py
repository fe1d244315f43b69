"""Random note sequences, the MIDI files made from them, and the fourteen timbres that play them.

Every sequence is played by every timbre, note for note, so that an edit from one timbre to another
has a true answer to be measured against.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np

CLIP_SECONDS = 5.12
SLOT_SECONDS = 5.76  # a clip and the silence in which its last notes may ring out
LOWEST_PITCH, HIGHEST_PITCH = 48, 88
TICKS_PER_SECOND = 1000
BEND_RANGE_CENTS = 200  # the General MIDI default
KINDS = ("melody", "arpeggio", "chords", "duet")
_KIND_SHARES = (0.45, 0.25, 0.2, 0.1)
_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9), (0, 2, 3, 5, 7, 9, 10))

# The General MIDI program (from 0) that plays each timbre.
PROGRAMS = {
    "piano": 0,
    "harpsichord": 6,
    "vibraphone": 11,
    "marimba": 12,
    "organ": 19,
    "accordion": 21,
    "guitar": 24,
    "distorted guitar": 30,
    "strings": 48,
    "choir": 52,
    "trumpet": 56,
    "clarinet": 71,
    "flute": 73,
    "synth": 80,
}


@dataclass(frozen=True)
class Note:
    """One note: its start and end in seconds from the clip's start, MIDI pitch and velocity."""

    start: float
    end: float
    pitch: int
    velocity: int


@dataclass(frozen=True)
class Sequence:
    """The notes of one clip, what kind of music they are, their pace, and the tuning in cents."""

    kind: str
    beats_per_minute: float
    cents: float
    notes: tuple[Note, ...]


def random_sequence(index: int, seed: int = 20) -> Sequence:
    """The sequence numbered `index`; the same number always gives the same music."""
    rng = np.random.default_rng((seed, index))
    kind = str(rng.choice(KINDS, p=_KIND_SHARES))
    pace = float(rng.uniform(70, 170))
    steps = _pitch_ladder(rng)
    gate = float(rng.choice((0.45, 0.7, 0.95, 1.0)))  # staccato .. legato: decaying and sustained endings
    loudness = int(rng.integers(66, 112))
    events = {
        "melody": _melody,
        "arpeggio": _arpeggio,
        "chords": _chords,
        "duet": _duet,
    }[kind](rng, steps, 60.0 / pace)
    first = float(rng.uniform(0.02, 0.25))
    notes = []
    for start, length, pitch in events:
        start += first
        end = min(start + max(0.09, length * gate), CLIP_SECONDS)
        if start < CLIP_SECONDS - 0.15:
            velocity = int(np.clip(loudness + rng.integers(-12, 13), 45, 122))
            notes.append(Note(start, end, int(pitch), velocity))
    return Sequence(kind, pace, float(rng.uniform(-30, 30)), tuple(notes))


def _pitch_ladder(rng: np.random.Generator) -> np.ndarray:
    """All pitches of one random scale within the range that the timbres share."""
    root, scale = int(rng.integers(12)), _SCALES[int(rng.integers(len(_SCALES)))]
    pitches = np.arange(LOWEST_PITCH, HIGHEST_PITCH + 1)
    return pitches[np.isin((pitches - root) % 12, scale)]


def _melody(rng: np.random.Generator, steps: np.ndarray, beat: float) -> list[tuple[float, float, int]]:
    place = int(rng.integers(len(steps) // 4, len(steps) - 3))
    events, time = [], 0.0
    while time < CLIP_SECONDS:
        length = beat * float(rng.choice((0.5, 1.0, 1.5, 2.0), p=(0.4, 0.4, 0.1, 0.1)))
        if rng.random() > 0.1:
            events.append((time, length, steps[place]))
        place = int(np.clip(place + rng.choice((-4, -2, -1, 0, 1, 2, 3)), 0, len(steps) - 1))
        time += length
    return events


def _arpeggio(rng: np.random.Generator, steps: np.ndarray, beat: float) -> list[tuple[float, float, int]]:
    events, time, length = [], 0.0, beat * float(rng.choice((0.5, 1.0)))
    pattern = [(0, 2, 4, 6), (0, 2, 4, 7, 4, 2), (0, 4, 2, 4), (7, 4, 2, 0)][int(rng.integers(4))]
    while time < CLIP_SECONDS:
        base = int(rng.integers(0, len(steps) - 8))
        for offset in pattern:
            events.append((time, length, steps[base + offset]))
            time += length
    return events


def _chords(rng: np.random.Generator, steps: np.ndarray, beat: float) -> list[tuple[float, float, int]]:
    events, time = [], 0.0
    while time < CLIP_SECONDS:
        length = beat * float(rng.choice((1.0, 2.0, 4.0)))
        base = int(rng.integers(2, len(steps) - 6))
        for offset in (0, 2, 4)[: int(rng.integers(2, 4))]:
            events.append((time, length, steps[base + offset]))
        time += length
    return events


def _duet(rng: np.random.Generator, steps: np.ndarray, beat: float) -> list[tuple[float, float, int]]:
    upper = [event for event in _melody(rng, steps, beat) if event[2] >= steps[len(steps) // 3]]
    lower, time = [], 0.0
    while time < CLIP_SECONDS:
        lower.append((time, beat * 4, steps[int(rng.integers(0, len(steps) // 4))]))
        time += beat * 4
    return upper + lower


def write_midi(path: Path, sequences: list[Sequence], program: int) -> None:
    """Write the sequences one after another, one slot each, as a one-track MIDI file for `program`."""
    timed: list[tuple[int, int, mido.Message]] = [
        (0, 0, mido.Message("program_change", program=program)),
    ]
    for number, sequence in enumerate(sequences):
        offset = number * SLOT_SECONDS
        bend = round(8191 * sequence.cents / BEND_RANGE_CENTS)
        timed.append((_ticks(offset), 1, mido.Message("pitchwheel", pitch=bend)))
        for note in sequence.notes:
            on = mido.Message("note_on", note=note.pitch, velocity=note.velocity)
            off = mido.Message("note_off", note=note.pitch)
            timed.append((_ticks(offset + note.start), 2, on))
            timed.append((_ticks(offset + note.end) - 1, 1, off))
        silence = mido.Message("control_change", control=120)
        timed.append((_ticks(offset + SLOT_SECONDS) - 20, 3, silence))
    timed.sort(key=lambda event: event[:2])
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=500_000)])
    now = 0
    for tick, _, message in timed:
        track.append(message.copy(time=tick - now))
        now = tick
    midi = mido.MidiFile(ticks_per_beat=TICKS_PER_SECOND // 2, type=0)
    midi.tracks.append(track)
    midi.save(path)


def _ticks(seconds: float) -> int:
    return round(seconds * TICKS_PER_SECOND)
