"""Convolutions along long sounds in slices, for Apple's GPUs.

There torch refuses, depending on its version and the system's, every convolution that puts out more than 65,536 frames:
1.5 s at 44.1 kHz. A frame depends on the few around it alone, so slices that share those give the same sound.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.modules.utils import _single
from torch.overrides import TorchFunctionMode

LONGEST = 65536


class Sliced(TorchFunctionMode):
    """Within it every conv1d puts out at most ``longest`` frames at once. Transposed ones are under no such limit."""

    def __init__(self, longest: int = LONGEST) -> None:
        super().__init__()
        self.longest = longest

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func is F.conv1d:
            return self._conv1d(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))

    def _conv1d(
        self, x: Tensor, weight: Tensor, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
        groups: int = 1,
    ) -> Tensor:  # fmt: skip
        (step,), (apart,) = _single(stride), _single(dilation)
        reach = apart * (weight.shape[-1] - 1) + 1
        if isinstance(padding, str):
            around = [0, 0] if padding == "valid" else [(reach - 1) // 2, reach // 2]
        else:
            around = [_single(padding)[0]] * 2
        total = (x.shape[-1] + sum(around) - reach) // step + 1
        if total <= self.longest:
            return F.conv1d(x, weight, bias, stride, padding, dilation, groups)
        padded = F.pad(x, around)
        slices = []
        for first in range(0, total, self.longest):
            last = min(first + self.longest, total) - 1
            heard = padded[..., first * step : last * step + reach]
            slices.append(F.conv1d(heard, weight, bias, stride, 0, dilation, groups))
        return torch.cat(slices, dim=-1)


def whatever_length(device: torch.device) -> AbstractContextManager[Any]:
    """Where convolutions on ``device`` may be as long as they like."""
    return Sliced() if device.type == "mps" else nullcontext()
