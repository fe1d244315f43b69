"""Real tokenizers of a few hundred words, trained on the spot."""

from __future__ import annotations

from pathlib import Path

from tokenizers import ByteLevelBPETokenizer
from transformers import RobertaTokenizerFast

SENTENCES = ["a recording of a piano", "played by a string quartet"]


def byte_pairs(folder: Path, longest: int) -> RobertaTokenizerFast:
    """CLAP's kind, for at most ``longest`` tokens."""
    folder.mkdir(parents=True)
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(SENTENCES, vocab_size=300, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    trained.save_model(str(folder))
    return RobertaTokenizerFast(
        vocab=str(folder / "vocab.json"), merges=str(folder / "merges.txt"), model_max_length=longest
    )
