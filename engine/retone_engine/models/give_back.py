"""What autoencoder and vocoder lose of the source, given back where the edit left it alone.

Both corrections are the whole loss where nothing changed, and fade with the change: given back everywhere, the old
sound would be heard through the new one, and its silences would carve holes into new notes.
"""

from __future__ import annotations

from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

# How fast the first fades, in nat of log-mel.
_CHANGE = 1.0
# Magnitude of a bin that is silence: 108 dB below a full-scale sine at the usual 1,024 samples.
_SILENCE = 1e-3


def give_back_mel(edited: Tensor, decoded: Tensor, source: Tensor) -> Tensor:
    """``edited`` with what the autoencoder lost of the source.

    All three are log-mels of one shape: the decoded edit, the decoded source and the source itself.
    """
    weight = torch.exp(-(edited - decoded).abs() / _CHANGE)
    return edited + weight * (source - decoded)


class Grid(Protocol):
    """How finely sound is cut into bins: samples of a spectrum, and from one to the next."""

    @property
    def n_fft(self) -> int: ...
    @property
    def hop(self) -> int: ...


def give_back_wave(edited: Tensor, decoded: Tensor, source: Tensor, grid: Grid) -> Tensor:
    """``edited`` with what the vocoder, or an autoencoder of waveforms, lost of the source.

    All are sounds (B, samples) or (B, channels, samples), or broadcast to it: the decoded edit, the decoded source, and
    the source itself. A bin in which the first two agree, in size and phase, takes the source's own content; one in
    which they differ by as much as there is takes nothing. Channels share a bin's fate, which keeps their image. An
    edit that changes nothing gives the source back.
    """
    window = torch.hann_window(grid.n_fft, dtype=edited.dtype, device=edited.device)

    def spectrum(sound: Tensor) -> Tensor:
        flat = torch.stft(sound.flatten(0, -2), grid.n_fft, grid.hop, window=window, center=True, return_complex=True)
        return flat.view(*sound.shape[:-1], *flat.shape[1:])

    def size(bins: Tensor) -> Tensor:
        return bins.abs() if bins.ndim == 3 else bins.abs().square().sum(1, keepdim=True).sqrt()

    edit, voice, own = spectrum(edited), spectrum(decoded), spectrum(source)
    differs = size(edit - voice) / (size(voice) + _SILENCE)
    # Smoothed over neighbouring bins and frames: a weight that flickers is heard as chirps.
    weight = F.avg_pool2d((1 - differs).clamp_min(0).square(), 3, 1, 1, count_include_pad=False)
    mixed = (edit + weight * (own - voice)).flatten(0, -3)
    return _sound(mixed, grid, window)[:, : edited.shape[-1]].reshape(edited.shape)


def _sound(spectra: Tensor, grid: Grid, window: Tensor) -> Tensor:
    """What ``torch.istft`` makes of them, to the bit; that one waits for the device to see whether windows overlap."""
    frames = torch.fft.irfft(spectra.transpose(-1, -2), grid.n_fft) * window
    total = grid.n_fft + grid.hop * (frames.shape[1] - 1)

    def overlapped(frames: Tensor) -> Tensor:
        laid: Tensor = torch.ops.aten.unfold_backward(frames, [len(frames), total], 1, grid.n_fft, grid.hop)
        return laid[:, grid.n_fft // 2 :]

    return overlapped(frames) / overlapped(window.square().expand(1, *frames.shape[1:]))
