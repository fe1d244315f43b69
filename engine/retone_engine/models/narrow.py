"""A network's weights kept in the precision that its products are made in.

Autocast converts the weights of every product in every call; kept converted they take half the memory and are read
once. The products' inputs, biases included, are the same either way, and so are the bits.
"""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import nn
from torch.nn.utils import parametrize

# What autocast multiplies in the narrower precision. Everything else, such as norms, it leaves as it is.
_PRODUCTS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)

Network = TypeVar("Network", bound=nn.Module)


def narrowed(network: Network, dtype: torch.dtype) -> Network:
    """``network`` itself, the weights of its products in ``dtype``, for calls under autocast to ``dtype``.

    A ``dtype`` that is no narrower changes nothing. What a wider network would be wanted for has to load it again.
    """
    state = next(network.parameters()).dtype
    if state.itemsize > dtype.itemsize:
        # diffusers' networks ask their first parameter for the precision of the times of noise, which stays.
        network.register_parameter("state", nn.Parameter(torch.empty(0, dtype=state), requires_grad=False))
    for module in network.modules():
        if isinstance(module, _PRODUCTS) and not parametrize.is_parametrized(module):
            for parameter in module.parameters(recurse=False):
                if parameter.element_size() > dtype.itemsize:
                    parameter.data = parameter.data.to(dtype)
    return network
