"""Real tokenizers of a few hundred words, trained on the spot."""

from __future__ import annotations

import json
from pathlib import Path

from tokenizers import ByteLevelBPETokenizer, Tokenizer
from tokenizers.implementations import SentencePieceUnigramTokenizer
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer
from transformers import GemmaTokenizer, Qwen2Tokenizer, RobertaTokenizerFast, T5TokenizerFast

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


def sentence_pieces(longest: int) -> T5TokenizerFast:
    """T5's kind, for at most ``longest`` tokens: a unigram vocabulary, and an end to every prompt."""
    trained = SentencePieceUnigramTokenizer()
    trained.train_from_iterator(
        SENTENCES, vocab_size=60, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False
    )
    pieces = json.loads(trained.to_str())["model"]["vocab"]
    # The trainer leaves pieces of one score in any order; the special ones stay in front.
    vocab = [(piece, score) for piece, score in pieces[:3] + sorted(pieces[3:], key=lambda pair: (-pair[1], pair[0]))]
    return T5TokenizerFast(vocab=vocab, extra_ids=0, model_max_length=longest)


def qwen_like(longest: int) -> Qwen2Tokenizer:
    """Qwen's kind: byte pairs, and one special token that ends and fills texts alike."""
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(SENTENCES, vocab_size=320, special_tokens=["<|endoftext|>"])
    state = json.loads(trained.to_str())["model"]
    merges = [tuple(pair) if isinstance(pair, list) else tuple(pair.split(" ")) for pair in state["merges"]]
    return Qwen2Tokenizer(vocab=state["vocab"], merges=merges, model_max_length=longest, padding_side="left")


def gemma_like(longest: int) -> GemmaTokenizer:
    """Gemma's kind, for at most ``longest`` tokens: byte pairs over words that begin with a mark for the space."""
    trained = Tokenizer(BPE(unk_token="<unk>"))
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
    trainer = BpeTrainer(vocab_size=120, special_tokens=special, show_progress=False)
    trained.train_from_iterator([sentence.replace(" ", "▁") for sentence in SENTENCES], trainer)
    state = json.loads(trained.to_str())["model"]
    merges = [tuple(pair) for pair in state["merges"]]
    return GemmaTokenizer(vocab=state["vocab"], merges=merges, model_max_length=longest)
