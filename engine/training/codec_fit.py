"""Fit the codec to the training frames and write every clip's latents.

latents.npy  float16 (timbres, sequences, 16, 80, 32)
codec.pt     the constants of retone_engine.models.pocket.codec.Codec
"""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from data import HELD_OUT, SEQUENCES, open_arrays
from retone_engine.models.pocket.codec import Codec, fit

DEPTH_DB = 75.0
WHITENING = 0.7
NATS_PER_DB = np.log(10) / 20


def make_codec(work: Path) -> None:
    """Fit on a tenth of the training clips, encode all of them; skips when it is done."""
    if (work / "codec.done").exists():
        return
    began = time.time()
    _, mel = open_arrays(work)
    sample = np.array(mel[:, : SEQUENCES - HELD_OUT : 10])
    codec = fit(torch.from_numpy(sample).flatten(0, 1), float(DEPTH_DB * NATS_PER_DB), WHITENING)
    torch.save(asdict(codec), work / "codec.pt")
    timbres, sequences, frames, _ = mel.shape
    latents = np.lib.format.open_memmap(
        work / "latents.npy", "w+", np.float16, (timbres, sequences, 16, frames // 4, 32)
    )
    worst = 0.0
    for timbre in range(timbres):
        for first in range(0, sequences, 100):
            floored = codec.floored(torch.from_numpy(np.array(mel[timbre, first : first + 100])).float())
            latent = codec.encode(floored)
            worst = max(worst, float((codec.decode(latent) - floored).abs().max()))
            latents[timbre, first : first + 100] = latent.half().numpy()
    deviation = np.asarray(latents[:, ::20], dtype=np.float32).std(axis=(0, 1, 3, 4))
    spread = [round(float(d), 2) for d in deviation]
    text = f"{time.time() - began:.0f} s, worst round trip {worst:.2e} nat, deviations {spread}\n"
    (work / "codec.done").write_text(text)
    print(text)


def load_codec(work: Path) -> Codec:
    """The fitted codec."""
    return Codec(**torch.load(work / "codec.pt"))


if __name__ == "__main__":
    make_codec(Path(sys.argv[1]))
