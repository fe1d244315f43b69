"""The published checkpoints that can be fetched by name: what they are, how large, and under which licence.

Only what their makers or the libraries say of them stands here, and what follows from it. Weights are counted by
building each part from its published configuration on torch's meta device, which holds no data; where a file's true
size is known it agrees. What may be done with results is told in plain words and is no legal advice: what counts is the
licence itself, on the model's page.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from retone_engine.request import RetoneError

# Where a model's page and its licence are, and where it comes from.
HUB = "https://huggingface.co"

# What of a repository in diffusers' format is wanted: the parts, each in a folder of its own, and nothing beside them,
# such as the same weights once more for another library.
_PIPELINE = (
    "model_index.json",
    "LICENSE*",
    "README.md",
    "*/*.json",
    "*/*.txt",
    "*/*.model",
    "*/*.safetensors",
    "*/*.bin",
)
_VARIANTS = (".fp16.", ".bf16.", ".non_ema.")


@dataclass(frozen=True)
class Licence:
    """``name`` as its makers call it, and what a musician may do with the result in one plain sentence."""

    name: str
    use: str


OWN = Licence("MIT", "Nothing is asked of you for what you make with it.")
NONCOMMERCIAL = Licence(
    "CC BY-NC-SA 4.0",
    "The model may be used and shared for non-commercial purposes only, with credit and under the same licence. "
    "Whether that reaches the sounds it makes the licence does not say: to be safe, sell nothing made with it.",
)
STABILITY = Licence(
    "Stability AI Community",
    "You own the results as far as the law allows. Commercial use is free while your revenue is below 1,000,000 US "
    "dollars a year, and you must register it with Stability AI; results may not make or improve a foundation model.",
)
ACE = Licence(
    "MIT",
    "The licence asks nothing of you for the results. The makers ask you to check that they are original, to say that "
    "AI was used, and to get permission for protected styles or material.",
)
UNKNOWN = Licence("see its page", "Its licence is not known here; see where the checkpoint comes from.")


@dataclass(frozen=True)
class Source:
    """A repository of the hub, patterns of the files wanted of it, and the folder in the model's where they go."""

    repository: str
    files: tuple[str, ...] = _PIPELINE
    under: str = ""

    def wanted(self, paths: list[str]) -> list[str]:
        """Those of the repository's ``paths`` that the model needs: weights once, as safetensors if there are any."""
        matching = [
            path
            for path in paths
            if path.count("/") <= 1
            and any(fnmatchcase(path, pattern) for pattern in self.files)
            and not any(variant in path for variant in _VARIANTS)
        ]
        safe = {path.rpartition("/")[0] for path in matching if path.endswith(".safetensors")}
        return sorted(p for p in matching if not (p.endswith(".bin") and p.rpartition("/")[0] in safe))


@dataclass(frozen=True)
class Sound:
    """What a model takes and gives: Hz, channels, and the seconds edited at once; longer clips go in pieces."""

    sample_rate: int
    channels: int
    window_seconds: float


@dataclass(frozen=True)
class Known:
    """A published checkpoint.

    ``network`` and ``rest``: millions of weights of the denoising network, and of all other parts. ``weight_bytes``:
    how many bytes each takes in the download. ``gated``: whether the hub wants its licence accepted there first.
    """

    name: str
    family: str
    sources: tuple[Source, ...]
    licence: Licence
    network: float
    rest: float
    weight_bytes: int = 4
    gated: bool = False

    @property
    def sound(self) -> Sound:
        return SOUNDS[self.family]

    @property
    def page(self) -> str:
        return f"{HUB}/{self.sources[0].repository}"

    @property
    def download_bytes(self) -> int:
        """About: the weights, without the small files beside them. What the hub says is asked when it is fetched."""
        return round((self.network + self.rest) * 1e6) * self.weight_bytes

    def memory_bytes(self, network_bytes: int = 4) -> int:
        """Of the weights while the model works; the network's take ``network_bytes`` each (2 in bfloat16)."""
        return round(self.network * 1e6) * network_bytes + round(self.rest * 1e6) * 4


# By family, for those whose checkpoints all take the same.
SOUNDS = {
    "AudioLDMPipeline": Sound(16000, 1, 10.24),
    "AudioLDM2Pipeline": Sound(16000, 1, 10.24),
    "Tango": Sound(16000, 1, 10.24),
    "StableAudioPipeline": Sound(44100, 2, 47.55),
    "StableAudio3Pipeline": Sound(44100, 2, 120.0),
    "AceStepPipeline": Sound(48000, 2, 120.0),
}

# TANGO's own files, and Flan-T5's configuration and vocabulary, which it names and does not hold.
_TANGO = ("main_config.json", "vae_config.json", "stft_config.json", "pytorch_model_main.bin", "pytorch_model_vae.bin")
_T5 = ("config.json", "tokenizer_config.json", "special_tokens_map.json", "tokenizer.json")

# CLAP's text half, an autoencoder and a vocoder; AudioLDM2 has all of CLAP, Flan-T5 large's encoder and GPT-2, too.
_AUDIOLDM_REST = 125.3 + 55.4 + 55.3
_AUDIOLDM2_REST = 153.5 + 341.2 + 124.4 + 55.4 + 55.3 + 1.5
# Flan-T5 large's encoder, an autoencoder and a vocoder.
_TANGO_REST = 341.2 + 55.4 + 55.3
# By the sizes of its files: what reads the conditions, Qwen3 0.6B, and the autoencoder.
_ACE_REST = 817.0 + 595.8 + 168.7


def _audioldm(name: str, network: float) -> Known:
    return Known(name, "AudioLDMPipeline", (Source(f"cvssp/{name}"),), NONCOMMERCIAL, network, _AUDIOLDM_REST)


def _audioldm2(name: str, network: float) -> Known:
    return Known(name, "AudioLDM2Pipeline", (Source(f"cvssp/{name}"),), NONCOMMERCIAL, network, _AUDIOLDM2_REST)


def _tango(name: str, repository: str) -> Known:
    sources = (
        Source(f"declare-lab/{repository}", (*_TANGO, "README.md")),
        Source("google/flan-t5-large", _T5, under="text_encoder"),
    )
    return Known(name, "Tango", sources, NONCOMMERCIAL, 865.9, _TANGO_REST)


def _ace_step(name: str, repository: str) -> Known:
    source = Source(f"ACE-Step/{repository}")
    return Known(name, "AceStepPipeline", (source,), ACE, 4170.0, _ACE_REST, weight_bytes=2)


KNOWN = (
    _audioldm("audioldm-s-full-v2", 185.0),
    _audioldm("audioldm-m-full", 416.0),
    _audioldm("audioldm-l-full", 739.1),
    _audioldm2("audioldm2", 346.9),
    _audioldm2("audioldm2-music", 346.9),
    _audioldm2("audioldm2-large", 718.0),
    _tango("tango", "tango"),
    _tango("tango-music", "tango-full-ft-audio-music-caps"),
    _tango("tango2", "tango2"),
    Known(
        "stable-audio-open-1.0",
        "StableAudioPipeline",
        (Source("stabilityai/stable-audio-open-1.0"),),
        STABILITY,
        network=1056.9,
        rest=156.1 + 109.6 + 0.4,
        gated=True,
    ),
    _ace_step("ace-step-1.5-xl-base", "acestep-v15-xl-base-diffusers"),
    _ace_step("ace-step-1.5-xl-sft", "acestep-v15-xl-sft-diffusers"),
)


def known(name: str) -> Known:
    """The published checkpoint called ``name``; raises RetoneError(unknown_model), which lists those there are."""
    for one in KNOWN:
        if one.name == name:
            return one
    names = ", ".join(one.name for one in KNOWN)
    raise RetoneError("unknown_model", f"No published model is known as {name!r}, only {names}.")
