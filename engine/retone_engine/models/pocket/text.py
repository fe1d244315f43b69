"""Prompts: the words this model has learned, and the small network that turns them into one vector.

Every word it was trained with stands here. A word it does not know says nothing to it, so a prompt without known
words is the empty prompt.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import torch
from torch import Tensor, nn

# Each timbre and what people call it. Captions are drawn from these.
TIMBRES: dict[str, tuple[str, ...]] = {
    "piano": ("piano", "grand piano", "acoustic piano", "concert piano", "upright piano"),
    "harpsichord": ("harpsichord", "baroque harpsichord", "cembalo", "spinet"),
    "vibraphone": ("vibraphone", "vibes", "metal vibraphone", "vibraharp"),
    "marimba": ("marimba", "wooden marimba", "marimbas", "marimba mallets"),
    "organ": ("church organ", "pipe organ", "organ", "cathedral organ"),
    "accordion": ("accordion", "french accordion", "squeezebox", "concertina"),
    "guitar": (
        "acoustic guitar",
        "nylon guitar",
        "classical guitar",
        "spanish guitar",
        "nylon string guitar",
        "guitar",
    ),
    "distorted guitar": (
        "distorted guitar",
        "distorted electric guitar",
        "electric guitar with distortion",
        "overdriven guitar",
        "heavy metal guitar",
        "rock guitar",
        "fuzz guitar",
    ),
    "strings": (
        "strings",
        "string quartet",
        "string ensemble",
        "string orchestra",
        "string section",
        "violins",
        "violin",
        "bowed strings",
        "violins and cellos",
    ),
    "choir": ("choir", "voices", "human voices", "singing choir", "chorus", "vocal choir", "singers"),
    "trumpet": ("trumpet", "brass trumpet", "brass", "trumpets", "brass section"),
    "clarinet": ("clarinet", "clarinets", "woodwind clarinet", "reed clarinet"),
    "flute": ("flute", "flutes", "concert flute", "transverse flute"),
    "synth": (
        "synth",
        "synthesizer",
        "synthesiser",
        "square synth lead",
        "synth lead",
        "square wave synth",
        "electronic synth",
        "chiptune",
        "8-bit synth",
    ),
}

KINDS: dict[str, tuple[str, ...]] = {
    "melody": ("melody", "tune", "song"),
    "arpeggio": ("arpeggio", "arpeggios", "broken chords"),
    "chords": ("chords", "chord progression", "harmony"),
    "duet": ("melody with bass", "duet", "tune with bass"),
}
PACES = ("slow", "fast")

# How captions are put together; {timbre}, {kind} and {pace} are filled in, {pace} often with nothing.
TEMPLATES = (
    "{timbre}",
    "{timbre}",
    "a {timbre}",
    "the {timbre}",
    "solo {timbre}",
    "{timbre} music",
    "the sound of a {timbre}",
    "a recording of a {timbre}",
    "a {pace} {kind} played by a {timbre}",
    "a {pace} {kind} played on the {timbre}",
    "a {timbre} playing a {pace} {kind}",
    "{pace} {timbre} {kind}",
    "{timbre} playing {pace} {kind}",
)

_FILLED = " ".join(TEMPLATES).replace("{timbre}", " ").replace("{kind}", " ").replace("{pace}", " ")


def words(prompt: str) -> list[str]:
    """The words of ``prompt``: lower case, letters and digits only."""
    return re.findall(r"[a-z0-9]+", prompt.lower())


_TIMBRE_WORDS = {word for names in TIMBRES.values() for name in names for word in words(name)} - {"and", "with"}
_MUSIC_WORDS = {word for names in KINDS.values() for name in names for word in words(name)} - {"with"} | set(PACES)
_FILLER_WORDS = set(words(_FILLED)) | {"and", "with"}
VOCABULARY: tuple[str, ...] = tuple(sorted(_TIMBRE_WORDS | _MUSIC_WORDS | _FILLER_WORDS))
MEANINGFUL = frozenset(_TIMBRE_WORDS | _MUSIC_WORDS)  # what a prompt needs at least one of
_NUMBER = {word: number for number, word in enumerate(VOCABULARY)}


def known_words(prompt: str) -> list[str]:
    """Those words of ``prompt`` that the model was trained with, in order."""
    return [word for word in words(prompt) if word in _NUMBER]


def counts(prompts: Sequence[str]) -> Tensor:
    """How often each word of the vocabulary stands in each prompt: (B, words), float."""
    table = torch.zeros(len(prompts), len(VOCABULARY))
    for row, prompt in enumerate(prompts):
        for word in known_words(prompt):
            table[row, _NUMBER[word]] += 1
    return table


class TextEncoder(nn.Module):
    """Word counts (B, words) to one vector a prompt (B, width): a sum of word vectors and two layers."""

    def __init__(self, width: int, hidden: int = 256) -> None:
        super().__init__()
        self.vectors = nn.Linear(len(VOCABULARY), hidden, bias=False)
        self.layers = nn.Sequential(nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU(), nn.Linear(hidden, width))
        nn.init.normal_(self.vectors.weight)

    def forward(self, word_counts: Tensor) -> Tensor:
        return self.layers(self.vectors(word_counts))  # type: ignore[no-any-return]
