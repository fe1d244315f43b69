"""The pocket model: everything of it loaded, filling the protocol of model.py."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from retone_engine.model import Defaults, Embedding, Encoded
from retone_engine.models.give_back import give_back_mel, give_back_wave
from retone_engine.models.narrow import narrowed
from retone_engine.models.pocket.codec import PATCH, Codec
from retone_engine.models.pocket.mel import HOP, SAMPLE_RATE, log_mel
from retone_engine.models.pocket.network import TIME_MULTIPLE, Denoiser
from retone_engine.models.pocket.text import MEANINGFUL, TIMBRES, TextEncoder, counts, known_words
from retone_engine.models.pocket.vocoder import Vocoder
from retone_engine.path import Level, VPPath

CONFIG_FILE = "pocket.json"
WEIGHTS_FILE = "pocket.safetensors"
_GRID = HOP * PATCH * TIME_MULTIPLE  # samples in the shortest piece that halves evenly: 0.256 s


@dataclass(frozen=True)
class PocketModel:
    """The loaded model. Latents are (B, 16, time, 32): patches of 4 log-mel frames (64 ms) by 4 of 128 bins."""

    name: str
    codec: Codec
    text: TextEncoder
    denoiser: Denoiser
    vocoder: Vocoder
    defaults: Defaults
    window: int
    device: torch.device
    dtype: torch.dtype

    sample_rate = SAMPLE_RATE
    channels = 1
    hop = HOP * PATCH
    time_axis = 2
    path = VPPath()
    distilled = False

    @property
    def modules(self) -> Mapping[str, tuple[nn.Module, ...]]:
        return {
            "encode": (),
            "embed": (self.text,),
            "predict_clean": (self.denoiser,),
            "decode": (self.vocoder,),
        }

    @property
    def _state(self) -> torch.dtype:
        """What weights, latents and predictions are kept in; only the products of the network are narrower."""
        return torch.float64 if self.dtype == torch.float64 else torch.float32

    @torch.no_grad()
    def encode(self, audio: Tensor) -> Encoded:
        frames = audio.shape[-1]
        padded = F.pad(audio.to(self.device, self._state), (0, -frames % _GRID))
        mel = log_mel(padded)
        return Encoded(self.codec.encode(self.codec.floored(mel)), frames, {"mel": mel, "audio": padded})

    @torch.no_grad()
    def decode(self, latent: Tensor, source: Encoded, restore: bool) -> Tensor:
        mel = self.codec.decode(latent)
        if not restore:
            audio: Tensor = self.vocoder(mel)
            return audio[:, None, : source.frames]
        # Twice: what the codec lost of the frames, and what the vocoder loses of the wave.
        decoded, own = self.codec.decode(source.latent), source.kept["mel"]
        edited = self.vocoder(give_back_mel(mel, decoded, own))
        audio = give_back_wave(edited, self.vocoder(own), source.kept["audio"], log_mel)
        return audio[:, None, : source.frames]

    @torch.no_grad()
    def embed(self, prompts: Sequence[str], frames: int | None = None) -> Embedding:
        # Row by row: a row's bits must not depend on how many prompts come along.
        rows = [self.text(counts([prompt]).to(self.device, self._state)) for prompt in prompts]
        return Embedding({"text": torch.cat(rows)})

    @torch.no_grad()
    def predict_clean(self, x: Tensor, level: Level, embedding: Embedding) -> Tensor:
        with torch.autocast(x.device.type, self.dtype, enabled=self.dtype != self._state):
            v: Tensor = self.denoiser(x, level.lam.to(x.dtype).to(x.device), embedding.tensors["text"].to(x.dtype))
        a, s = (value.to(x.dtype).to(x.device)[:, None, None, None] for value in (level.a, level.s))
        return a * x - s * v.to(x.dtype)

    def unknown_prompt(self, prompt: str) -> str | None:
        if not prompt.strip() or MEANINGFUL.intersection(known_words(prompt)):
            return None
        return f"The pocket model knows no word of {prompt!r}. It knows these sounds: {', '.join(TIMBRES)}."


def load(folder: Path, device: torch.device, dtype: torch.dtype) -> PocketModel:
    """The model in ``folder``, its network's products in ``dtype``; its modules are in main memory.

    Raises OSError, ValueError, KeyError or RuntimeError where its files are missing or do not fit this code.
    """
    config: dict[str, Any] = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    weights = load_file(folder / WEIGHTS_FILE)
    state = torch.float64 if dtype == torch.float64 else torch.float32

    def part(name: str) -> dict[str, Tensor]:
        return {k.removeprefix(f"{name}."): v.to(state) for k, v in weights.items() if k.startswith(f"{name}.")}

    constants = {name: value.to(device) for name, value in part("codec").items()}
    shape = config["denoiser"]
    denoiser = Denoiser(tuple(shape["widths"]), tuple(shape["depths"]), shape["condition"])
    text, vocoder = TextEncoder(shape["condition"]), Vocoder(**config["vocoder"])
    for name, network in (("denoiser", denoiser), ("text", text), ("vocoder", vocoder)):
        network.to(state).load_state_dict(part(name))
        network.eval().requires_grad_(False)
    return PocketModel(
        name="pocket",
        codec=Codec(constants["mean"], constants["basis"], constants["scale"], float(config["floor"])),
        text=text,
        denoiser=narrowed(denoiser.to(memory_format=torch.channels_last), dtype),  # type: ignore[call-overload]
        vocoder=vocoder,
        defaults=Defaults(**config["defaults"]),
        window=round(config["window_seconds"] * SAMPLE_RATE) // _GRID * _GRID,
        device=device,
        dtype=dtype,
    )
