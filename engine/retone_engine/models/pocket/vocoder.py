"""Log-mel frames to sound: ConvNeXt blocks at frame rate and an inverse short-time Fourier transform.

The network names a magnitude and a phase for every bin of every frame, as Vocos does (arXiv 2306.00814), so no step
of it runs at the sample rate.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from retone_engine.models.pocket.mel import HOP, MEL_BINS, N_FFT

_LOUDEST = 6.0  # ln of the largest magnitude of a bin; a full-scale sine reaches 5.6


class Block(nn.Module):
    """A depthwise convolution over time and a two-layer perceptron a frame, beside a scaled skip (ConvNeXt)."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width)
        self.rise = nn.Linear(width, inner)
        self.fall = nn.Linear(inner, width)
        self.scale = nn.Parameter(torch.full((width,), 0.125))

    def forward(self, x: Tensor) -> Tensor:
        y = self.depthwise(x.transpose(1, 2)).transpose(1, 2)
        return x + self.scale * self.fall(F.gelu(self.rise(self.norm(y))))  # type: ignore[no-any-return]


class Vocoder(nn.Module):
    """Log-mel (B, T, 128), any T of at least 3, to sound (B, 256 T) at 16 kHz."""

    def __init__(self, width: int = 192, inner: int = 576, blocks: int = 8) -> None:
        super().__init__()
        self.enter = nn.Conv1d(MEL_BINS, width, 7, padding=3)
        self.norm_in = nn.LayerNorm(width)
        self.blocks = nn.ModuleList(Block(width, inner) for _ in range(blocks))
        self.norm_out = nn.LayerNorm(width)
        self.head = nn.Linear(width, N_FFT + 2)

    def forward(self, mel: Tensor) -> Tensor:
        # ln magnitudes lie in -11.5..2: brought near -1..1 for the first layer.
        x = self.enter((mel / 4 + 1).transpose(1, 2)).transpose(1, 2)
        x = self.norm_in(x)
        for block in self.blocks:
            x = block(x)
        magnitude, phase = self.head(self.norm_out(x)).to(mel.dtype).transpose(1, 2).chunk(2, dim=1)
        spectrum = torch.polar(magnitude.clamp(max=_LOUDEST).exp(), phase)
        # The last frame once more: the inverse transform wants the one that is centred on the end.
        spectrum = torch.cat((spectrum, spectrum[..., -1:]), dim=-1)
        # Overlap-add: frame k is centred on sample 256 k.
        window = torch.hann_window(N_FFT, dtype=mel.dtype, device=mel.device)
        return torch.istft(spectrum, N_FFT, HOP, window=window, center=True, length=mel.shape[1] * HOP)
