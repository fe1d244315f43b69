"""The denoiser: a small U-Net over (time, mel), which predicts v on the variance-preserving path.

Convolutions see both axes. Attention runs over the frequency axis on the middle level, where it can tie a note's
partials together at any clip length, and over everything on the lowest. The mel axis is not the same everywhere, so
each level adds a learned vector per frequency row.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from retone_engine.models.pocket.codec import CHANNELS, PATCH
from retone_engine.models.pocket.mel import MEL_BINS

ROWS = MEL_BINS // PATCH
TIME_MULTIPLE = 4  # two halvings
GROUPS = 16


class Residual(nn.Module):
    """Two convolutions beside a skip; the condition scales and shifts the second's input."""

    def __init__(self, inputs: int, outputs: int, condition: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(GROUPS, inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.film = nn.Linear(condition, 2 * outputs)
        self.norm2 = nn.GroupNorm(GROUPS, outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.skip = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        y = self.conv1(F.silu(self.norm1(x)))
        scale, shift = self.film(condition)[:, :, None, None].chunk(2, dim=1)
        y = self.conv2(F.silu(self.norm2(y) * (1 + scale) + shift))
        return self.skip(x) + y  # type: ignore[no-any-return]


class Attention(nn.Module):
    """Self-attention of (B, C, T, F), over the rows of each frame (``axial``) or over all positions."""

    def __init__(self, channels: int, axial: bool, head: int = 32) -> None:
        super().__init__()
        self.axial, self.heads = axial, channels // head
        self.norm = nn.GroupNorm(GROUPS, channels)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.out = nn.Linear(channels, channels)
        nn.init.zeros_(self.out.weight)

    def forward(self, x: Tensor) -> Tensor:
        batch, channels, frames, rows = x.shape
        sets, tokens = (batch * frames, rows) if self.axial else (batch, frames * rows)
        y = self.norm(x).permute(0, 2, 3, 1).reshape(sets, tokens, channels)
        q, k, v = self.qkv(y).view(sets, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(sets, tokens, channels)
        heard: Tensor = self.out(y).view(batch, frames, rows, channels).permute(0, 3, 1, 2)
        return x + heard


class Level(nn.Module):
    """One resolution's residual blocks, each with attention where the level has it."""

    def __init__(self, inputs: list[int], outputs: int, condition: int, attention: str) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Residual(width, outputs, condition) for width in inputs)
        self.attention = nn.ModuleList(
            nn.Identity() if attention == "none" else Attention(outputs, axial=attention == "rows") for _ in inputs
        )

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        for block, attention in zip(self.blocks, self.attention, strict=True):
            x = attention(block(x, condition))
        return x


class Denoiser(nn.Module):
    """v = a e - s x_0 of noisy latents, given the level of noise and the text vector.

    ``widths``: channels of the three levels; ``depths``: residual blocks of each, down and up alike.
    """

    def __init__(
        self,
        widths: tuple[int, int, int] = (64, 128, 224),
        depths: tuple[int, int, int] = (1, 2, 2),
        condition: int = 256,
    ) -> None:
        super().__init__()
        self.condition_width = condition
        kinds = ("none", "rows", "all")
        self.enter = nn.Conv2d(CHANNELS, widths[0], 3, padding=1)
        self.rows = nn.ParameterList(
            nn.Parameter(0.02 * torch.randn(width, ROWS >> level)) for level, width in enumerate(widths)
        )
        self.noise = nn.Sequential(nn.Linear(128, condition), nn.SiLU(), nn.Linear(condition, condition))
        self.down = nn.ModuleList(
            Level([width] * depth, width, condition, kind)
            for width, depth, kind in zip(widths, depths, kinds, strict=True)
        )
        self.halve = nn.ModuleList(nn.Conv2d(fine, coarse, 3, stride=2, padding=1) for fine, coarse in pairwise(widths))
        self.lift = nn.ModuleList(nn.Conv2d(coarse, fine, 1) for fine, coarse in pairwise(widths))
        self.up = nn.ModuleList(
            Level([2 * width] + [width] * (depth - 1), width, condition, kind)
            for width, depth, kind in zip(widths[:2], depths[:2], kinds[:2], strict=True)
        )
        self.norm = nn.GroupNorm(GROUPS, widths[0])
        self.leave = nn.Conv2d(widths[0], CHANNELS, 3, padding=1)
        nn.init.zeros_(self.leave.weight)

    def forward(self, x: Tensor, lam: Tensor, text: Tensor) -> Tensor:
        """``x``: (B, 16, T, 32), T a multiple of 4; ``lam``: ln(a / s), (B,); ``text``: (B, condition)."""
        condition = F.silu(self.noise(_waves(lam)) + text)
        x = self.enter(x) + self.rows[0][:, None, :]
        kept = []
        for level in range(2):
            x = self.down[level](x, condition)
            kept.append(x)
            x = self.halve[level](x) + self.rows[level + 1][:, None, :]
        x = self.down[2](x, condition)
        for level in (1, 0):
            x = F.interpolate(self.lift[level](x), scale_factor=2.0, mode="nearest")
            x = self.up[level](torch.cat((x, kept[level]), dim=1), condition)
        return self.leave(F.silu(self.norm(x)))  # type: ignore[no-any-return]


def _waves(lam: Tensor) -> Tensor:
    """ln(a / s), about -4..5, as 64 sines and 64 cosines of wavelengths 40 to 0.4: (B, 128)."""
    low, high = math.log(2 * math.pi / 40), math.log(2 * math.pi / 0.4)
    rates = torch.exp(torch.linspace(low, high, 64, device=lam.device, dtype=lam.dtype))
    angles = lam[:, None] * rates
    return torch.cat((angles.sin(), angles.cos()), dim=1)
