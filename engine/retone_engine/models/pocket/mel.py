"""The front end: 16 kHz mono sound to log-mel frames, in torch, differentiable."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from transformers.audio_utils import mel_filter_bank

SAMPLE_RATE = 16_000
N_FFT = 1024
HOP = 256
MEL_BINS = 128
LOG_FLOOR = 1e-5  # magnitudes below this are silence: ln is taken no lower


def log_mel(audio: Tensor) -> Tensor:
    """Natural-log mel magnitudes of sound at 16 kHz.

    `audio` has shape (B, samples), samples a multiple of the 256-sample hop and more than 512;
    the result has shape (B, samples / 256, 128). Frame k is centred on sample 256 k, the ends are
    reflected, the filters are Slaney's with Slaney's norm, 0..8 kHz.
    """
    window = torch.hann_window(N_FFT, dtype=audio.dtype, device=audio.device)
    spectrum = torch.stft(audio, N_FFT, HOP, window=window, center=True, pad_mode="reflect", return_complex=True)
    magnitude = spectrum.abs()[..., :-1].transpose(-1, -2)
    filters = torch.from_numpy(_filters()).to(magnitude)
    return (magnitude @ filters).clamp_min(LOG_FLOOR).log()


@lru_cache(maxsize=1)
def _filters() -> np.ndarray:
    bank = mel_filter_bank(
        N_FFT // 2 + 1, MEL_BINS, 0.0, SAMPLE_RATE / 2, SAMPLE_RATE, norm="slaney", mel_scale="slaney"
    )
    return np.asarray(bank, dtype=np.float32)
