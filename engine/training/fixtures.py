"""Write the held-out pair that the tests edit: the same 2.56 s of music as piano and as organ.

Usage: python fixtures.py WORK FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import soundfile

from data import HELD_OUT, SEQUENCES, open_arrays
from retone_engine.models.pocket.mel import SAMPLE_RATE
from scores import PROGRAMS, random_sequence

SAMPLES = 40_960


def main(work: Path, folder: Path) -> None:
    """The first held-out melody."""
    audio, _ = open_arrays(work)
    index = next(i for i in range(SEQUENCES - HELD_OUT, SEQUENCES) if random_sequence(i).kind == "melody")
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("piano", "organ"):
        sound = audio[list(PROGRAMS).index(name), index, :SAMPLES]
        soundfile.write(folder / f"{name}.flac", sound, SAMPLE_RATE, subtype="PCM_16")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
