"""The mel front end that AudioLDM's family and the pocket model hear through."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from transformers.audio_utils import mel_filter_bank

LOG_FLOOR = 1e-5


@dataclass(frozen=True)
class MelFrontEnd:
    """Slaney mel bands from 0 to half of ``sample_rate``, as natural logarithms of magnitudes."""

    sample_rate: int
    n_fft: int
    hop: int
    bins: int

    def __call__(self, audio: Tensor) -> Tensor:
        """Audio (B, frames), frames a multiple of the hop and more than n_fft / 2, to (B, frames / hop, bins)."""
        window = torch.hann_window(self.n_fft, dtype=audio.dtype, device=audio.device)
        spectrum = torch.stft(audio, self.n_fft, self.hop, window=window, center=True, return_complex=True)
        magnitude = spectrum.abs()[..., :-1].transpose(-1, -2)
        return (magnitude @ self._filters().to(magnitude)).clamp_min(LOG_FLOOR).log()

    def _filters(self) -> Tensor:
        return _filters(self.n_fft, self.bins, self.sample_rate)


@lru_cache(maxsize=4)
def _filters(n_fft: int, bins: int, sample_rate: int) -> Tensor:
    bank = mel_filter_bank(n_fft // 2 + 1, bins, 0.0, sample_rate / 2, sample_rate, norm="slaney", mel_scale="slaney")
    return torch.from_numpy(bank)
