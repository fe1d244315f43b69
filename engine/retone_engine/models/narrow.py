"""A network's weights kept in the precision that its products are made in.

Autocast converts the weights of every product in every call; kept converted they take half the memory and are read
once. The products' inputs, biases included, are the same either way, and so are the bits.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from torch import nn
from torch.nn.utils import parametrize

from retone_engine.models.part import load_part, state_dtype

# What autocast multiplies in the narrower precision. Everything else, such as norms, it leaves as it is.
_PRODUCTS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)

Network = TypeVar("Network", bound=nn.Module)


def narrowed(network: Network, dtype: torch.dtype) -> Network:
    """``network`` itself, the weights of its products in ``dtype``, for calls under autocast to ``dtype``.

    A ``dtype`` that is no narrower changes nothing. What a wider network would be wanted for has to load it again.
    """
    state = next(network.parameters()).dtype
    if state.itemsize > dtype.itemsize:
        _keep(network, state)
    for module in network.modules():
        if _multiplies(module):
            for parameter in module.parameters(recurse=False):
                if parameter.element_size() > dtype.itemsize:
                    parameter.data = parameter.data.to(dtype)
    return network


def load_narrowed(kind: Any, folder: Path, name: str, dtype: torch.dtype, **options: Any) -> Any:
    """``narrowed`` of what ``load_part`` loads, with the same arguments.

    Where the checkpoint itself is that narrow, its products' weights are never wider: of a network of billions of
    weights that spares a machine twice their size in main memory, and a minute or two.
    """
    state = state_dtype(dtype)
    if dtype != torch.bfloat16 or _stored(folder / name) != {"BF16"}:
        return narrowed(load_part(kind, folder, name, state, **options), dtype)
    network = load_part(kind, folder, name, dtype, **options)
    for module in network.modules():
        if not _multiplies(module):
            for tensor in (*module.parameters(recurse=False), *module.buffers(recurse=False)):
                if tensor.is_floating_point():
                    tensor.data = tensor.data.to(state)
    _keep(network, state)
    return network


def _multiplies(module: nn.Module) -> bool:
    return isinstance(module, _PRODUCTS) and not parametrize.is_parametrized(module)


def _keep(network: nn.Module, state: torch.dtype) -> None:
    """diffusers' networks ask their first parameter for the precision of the times of noise, which stays."""
    network.register_parameter("state", nn.Parameter(torch.empty(0, dtype=state), requires_grad=False))


def _stored(part: Path) -> set[str]:
    """The precisions of the weights in a part's safetensors, as these call them; none where they cannot be read."""
    found = set[str]()
    for path in part.glob("*.safetensors"):
        try:
            with safe_open(path, framework="pt") as weights:
                found |= {weights.get_slice(name).get_dtype() for name in weights.keys()}  # noqa: SIM118  it is no mapping
        except (OSError, SafetensorError):  # loading says what is wrong
            return set()
    return found
