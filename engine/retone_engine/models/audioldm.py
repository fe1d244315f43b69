"""AudioLDM: any checkpoint folder in the format of diffusers' AudioLDMPipeline.

Its parts are loaded one by one, as the pipeline class itself is on its way out of diffusers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn
from transformers import ClapTextModelWithProjection, PreTrainedTokenizerBase

from retone_engine.model import Defaults, Embedding
from retone_engine.models.mel_diffusion import MelDiffusion, load_mel_diffusion
from retone_engine.models.part import load_part, load_tokenizer, state_dtype
from retone_engine.models.text import clap_vector


@dataclass(frozen=True)
class AudioLDM(MelDiffusion):
    """One loaded checkpoint: a prompt is one vector of CLAP's, which the U-Net takes beside the time."""

    text_encoder: ClapTextModelWithProjection
    tokenizer: PreTrainedTokenizerBase

    # The paper's settings for AudioLDM.
    defaults = Defaults(strength=0.5, steps=100, guidance_scale=12.0, source_guidance_scale=3.0, noise_level=0.6)

    @property
    def text_modules(self) -> tuple[nn.Module, ...]:
        return (self.text_encoder,)

    def embed_alone(self, prompt: str) -> Embedding:
        return Embedding({"text": clap_vector(self.text_encoder, self.tokenizer, prompt, self.device)})

    def denoise(self, x: Tensor, t: Tensor, embedding: Embedding) -> Tensor:
        text = embedding.tensors["text"].to(x.dtype)
        output: Tensor = self.unet(x, t, encoder_hidden_states=None, class_labels=text).sample
        return output


def load(folder: Path, device: torch.device, dtype: torch.dtype) -> AudioLDM:
    """The checkpoint in ``folder``, its networks on the CPU; nothing is looked up anywhere else.

    Raises OSError or ValueError where a part is missing, incomplete or of another kind.
    """
    state = state_dtype(dtype)
    return AudioLDM(
        **load_mel_diffusion(folder, UNet2DConditionModel, device, dtype),
        text_encoder=load_part(ClapTextModelWithProjection, folder, "text_encoder", state),
        tokenizer=load_tokenizer(folder, "tokenizer"),
    )
