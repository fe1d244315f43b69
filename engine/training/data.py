"""From random sequences to rendered sound and log-mel frames on disk.

Arrays in the work folder, indexed [timbre, sequence]:
audio.npy  int16   (timbres, sequences, 81920)     peak 0.5
mel.npy    float16 (timbres, sequences, 320, 128)  natural log
"""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch

from retone_engine.models.pocket.mel import HOP, MEL_BINS, SAMPLE_RATE, log_mel
from scores import CLIP_SECONDS, PROGRAMS, SLOT_SECONDS, random_sequence, write_midi

SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
RENDER_RATE = 32_000  # the synthesiser's own interpolation folds less here than at 16 kHz
SEQUENCES = 1000
HELD_OUT = 100  # the last ones: no part of the model ever sees them
CLIP_SAMPLES = round(CLIP_SECONDS * SAMPLE_RATE)
CLIP_FRAMES = CLIP_SAMPLES // HOP
PEAK = 0.5


def render_timbre(work: Path, name: str, sequences: int = SEQUENCES) -> None:
    """Render every sequence with one timbre into its rows of audio.npy and mel.npy."""
    torch.set_num_threads(1)
    row = list(PROGRAMS).index(name)
    midi, wave = work / f"{row}.mid", work / f"{row}.wav"
    write_midi(midi, [random_sequence(i) for i in range(sequences)], PROGRAMS[name])
    options = ["-ni", "-q", "-R", "0", "-C", "0", "-g", "0.3", "-r", str(RENDER_RATE), "-O", "s16", "-T", "wav"]
    subprocess.run(["fluidsynth", *options, "-F", wave, SOUNDFONT, midi], check=True, stdout=subprocess.DEVNULL)
    audio, mel = open_arrays(work, "r+")
    with soundfile.SoundFile(wave) as sound:
        slot = round(SLOT_SECONDS * RENDER_RATE)
        for index in range(sequences):
            sound.seek(index * slot)
            stereo = sound.read(slot, dtype="float32", always_2d=True)
            clip = soxr.resample(stereo.mean(1), RENDER_RATE, SAMPLE_RATE)[:CLIP_SAMPLES]
            clip *= PEAK / max(float(np.abs(clip).max()), 1e-4)
            audio[row, index] = np.round(clip * 32767).astype(np.int16)
            mel[row, index] = log_mel(torch.from_numpy(clip)[None])[0].numpy().astype(np.float16)
    wave.unlink()
    midi.unlink()


def open_arrays(work: Path, mode: str = "r") -> tuple[np.memmap, np.memmap]:
    """The sound and the frames as memory maps, [timbre, sequence, ...]."""
    return np.load(work / "audio.npy", mmap_mode=mode), np.load(work / "mel.npy", mmap_mode=mode)


def make_data(work: Path, processes: int = 2) -> None:
    """Render the whole data set (a few minutes on two cores); skips when it is there."""
    done = work / "data.done"
    if done.exists():
        return
    began = time.time()
    shape = (len(PROGRAMS), SEQUENCES)
    np.lib.format.open_memmap(work / "audio.npy", "w+", np.int16, (*shape, CLIP_SAMPLES))
    np.lib.format.open_memmap(work / "mel.npy", "w+", np.float16, (*shape, CLIP_FRAMES, MEL_BINS))
    with ProcessPoolExecutor(processes) as pool:
        list(pool.map(render_timbre, [work] * len(PROGRAMS), PROGRAMS))
    hours = len(PROGRAMS) * SEQUENCES * CLIP_SECONDS / 3600
    done.write_text(f"{hours:.1f} hours in {time.time() - began:.0f} s\n")


if __name__ == "__main__":
    make_data(Path(sys.argv[1]))
