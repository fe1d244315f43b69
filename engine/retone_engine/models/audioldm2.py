"""AudioLDM2: any checkpoint folder in the format of diffusers' AudioLDM2Pipeline but those that speak.

A prompt goes three ways: CLAP's vector and T5's states are projected to the width of a small language model, whose
eight next states say what to sound like; the U-Net attends to these and to T5's states themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import AudioLDM2ProjectionModel, AudioLDM2UNet2DConditionModel
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    ClapConfig,
    ClapTextModelWithProjection,
    GPT2Model,
    PreTrainedTokenizerBase,
    T5EncoderModel,
)

from retone_engine.model import Embedding
from retone_engine.models.mel_diffusion import MelDiffusion, load_mel_diffusion
from retone_engine.models.part import HERE, load_part, load_tokenizer, state_dtype
from retone_engine.models.text import clap_vector, t5_states


@dataclass(frozen=True)
class AudioLDM2(MelDiffusion):
    """One loaded checkpoint: -music, -large and the plain one differ in their U-Nets alone."""

    clap: ClapTextModelWithProjection
    clap_tokenizer: PreTrainedTokenizerBase
    t5: T5EncoderModel
    t5_tokenizer: PreTrainedTokenizerBase
    projection: AudioLDM2ProjectionModel
    language_model: GPT2Model

    @property
    def text_modules(self) -> tuple[nn.Module, ...]:
        return (self.clap, self.t5, self.projection, self.language_model)

    def embed_alone(self, prompt: str) -> Embedding:
        heard = clap_vector(self.clap, self.clap_tokenizer, prompt, self.device)
        text, mask = t5_states(self.t5, self.t5_tokenizer, prompt, self.device)
        projected = self.projection(
            hidden_states=heard[:, None],
            hidden_states_1=text,
            attention_mask=mask.new_ones(1, 1),
            attention_mask_1=mask,
        ).hidden_states
        return Embedding({"generated": self._continued(projected), "text": text, "mask": mask})

    def _continued(self, states: Tensor) -> Tensor:
        """What the language model makes of ``states`` (1, tokens, width): its next states, each read on as they are."""
        count = getattr(self.language_model.config, "max_new_tokens", 8)
        for _ in range(count):
            following = self.language_model(inputs_embeds=states, use_cache=False).last_hidden_state[:, -1:]
            states = torch.cat([states, following], dim=1)
        return states[:, -count:]

    def denoise(self, x: Tensor, t: Tensor, embedding: Embedding) -> Tensor:
        prompt = embedding.tensors
        output: Tensor = self.unet(
            x,
            t,
            encoder_hidden_states=prompt["generated"].to(x.dtype),
            encoder_hidden_states_1=prompt["text"].to(x.dtype),
            encoder_attention_mask_1=prompt["mask"],
        ).sample
        return output


def load(folder: Path, device: torch.device, dtype: torch.dtype) -> AudioLDM2:
    """The checkpoint in ``folder``, its networks on the CPU; nothing is looked up anywhere else.

    Raises OSError or ValueError where a part is missing, incomplete or of another kind.
    """
    second = AutoConfig.from_pretrained(folder / "text_encoder_2", **HERE)
    if second.model_type != "t5":
        raise ValueError(f"its second text encoder is {second.model_type}, which reads speech, where T5 is wanted")
    state = state_dtype(dtype)
    # The half of CLAP that reads is enough; it takes its width from the whole's configuration.
    text = ClapConfig.from_pretrained(folder, subfolder="text_encoder", local_files_only=True).text_config
    return AudioLDM2(
        **load_mel_diffusion(folder, AudioLDM2UNet2DConditionModel, device, dtype),
        clap=load_part(ClapTextModelWithProjection, folder, "text_encoder", state, config=text),
        clap_tokenizer=load_tokenizer(folder, "tokenizer"),
        t5=load_part(T5EncoderModel, folder, "text_encoder_2", state),
        t5_tokenizer=load_tokenizer(folder, "tokenizer_2"),
        projection=load_part(AudioLDM2ProjectionModel, folder, "projection_model", state, low_cpu_mem_usage=False),
        language_model=load_part(GPT2Model, folder, "language_model", state),
    )
