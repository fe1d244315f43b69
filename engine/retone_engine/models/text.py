"""What the text encoders of AudioLDM's family make of one prompt."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import ClapTextModelWithProjection, PreTrainedTokenizerBase, T5EncoderModel


def clap_vector(
    encoder: ClapTextModelWithProjection, tokenizer: PreTrainedTokenizerBase, prompt: str, device: torch.device
) -> Tensor:
    """CLAP's vector of length 1, (1, width)."""
    tokens = tokenizer(
        prompt,
        padding="max_length",
        max_length=min(tokenizer.model_max_length, encoder.config.max_position_embeddings - 2),
        truncation=True,
        return_tensors="pt",
    ).to(device)
    return F.normalize(encoder(tokens.input_ids, attention_mask=tokens.attention_mask).text_embeds, dim=-1)


def t5_states(
    encoder: T5EncoderModel, tokenizer: PreTrainedTokenizerBase, prompt: str, device: torch.device
) -> tuple[Tensor, Tensor]:
    """T5's states, (1, tokens, width), and their mask (1, tokens): ones, which padding extends by zeros."""
    tokens = tokenizer(prompt, max_length=tokenizer.model_max_length, truncation=True, return_tensors="pt").to(device)
    states = encoder(tokens.input_ids, attention_mask=tokens.attention_mask).last_hidden_state
    return states, tokens.attention_mask
