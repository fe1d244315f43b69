"""The mel front end that AudioLDM's family hears through, and what an autoencoder behind it loses."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from transformers.audio_utils import mel_filter_bank

LOG_FLOOR = 1e-5
# How fast the correction below fades where the edit changed the sound, in nat of log-mel.
_CHANGE = 1.0


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


def give_back(edited: Tensor, decoded: Tensor, source: Tensor) -> Tensor:
    """``edited`` with what the autoencoder lost of the source added where the edit left it alone.

    All three are log-mels of one shape: the decoded edit, the decoded source and the source itself. The whole
    difference ``source - decoded`` would carve the source's silences into new notes, so it fades with
    ``|edited - decoded|``.
    """
    weight = torch.exp(-(edited - decoded).abs() / _CHANGE)
    return edited + weight * (source - decoded)
