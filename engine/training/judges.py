"""The two ears that judge edits: which timbre is it, and which notes are played. Neither ships.

They are trained on the training sequences only and share nothing with the model but the music. Half of what they
hear has gone through the vocoder, so that they judge the music rather than the vocoder.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from checkpoints import load_if_there, save_atomically
from data import HELD_OUT, PEAK, SEQUENCES, open_arrays
from retone_engine.models.pocket.mel import HOP, N_FFT, SAMPLE_RATE, log_mel
from retone_engine.models.pocket.vocoder import Vocoder
from scores import HIGHEST_PITCH, LOWEST_PITCH, PROGRAMS, Note, random_sequence

CROP_FRAMES = 160  # 2.56 s
FRAME_SECONDS = HOP / SAMPLE_RATE
PITCHES = HIGHEST_PITCH - LOWEST_PITCH + 1
HEARING_NATS = 60 * math.log(10) / 20  # nobody hears what lies deeper below the loudest point
ONSET_TOLERANCE_SECONDS = 0.1
ONSET_THRESHOLD = 0.4
BATCH = 16


def heard_mel(audio: Tensor) -> Tensor:
    """Log-mel (B, T, 128) of sound (B, samples), floored 60 dB below each clip's loudest point, which becomes 0."""
    mel = log_mel(audio)
    mel = mel - mel.amax(dim=(1, 2), keepdim=True)
    return mel.clamp_min(-HEARING_NATS)


@lru_cache(maxsize=1)
def _semitone_bands() -> Tensor:
    """Triangles half a semitone apart from MIDI 45 to 112 over the bins of a 2048 transform: (1025, 134)."""
    pitches = 45 + torch.arange(-1, 135) / 2
    edges = 440 * 2 ** ((pitches - 69) / 12)
    bins = torch.linspace(0, SAMPLE_RATE / 2, N_FFT + 1)
    # Low down, bands narrower than a bin would be empty: none is narrower than one and a half bins.
    width = torch.maximum(edges[2:] - edges[1:-1], torch.tensor(1.5 * SAMPLE_RATE / (2 * N_FFT)))
    bands = (1 - (bins[:, None] - edges[1:-1]).abs() / width).clamp_min(0)
    return bands / bands.sum(0)


def heard_semitones(audio: Tensor) -> Tensor:
    """Log magnitudes in half-semitone bands, (B, samples / 256, 134), floored like `heard_mel`."""
    window = torch.hann_window(2 * N_FFT)
    size = torch.stft(audio, 2 * N_FFT, HOP, window=window, return_complex=True).abs()[..., :-1]
    bands = (size.transpose(1, 2) @ _semitone_bands()).clamp_min(1e-5).log()
    return (bands - bands.amax(dim=(1, 2), keepdim=True)).clamp_min(-HEARING_NATS)


class Classifier(nn.Module):
    """Heard mel (B, T, 128) to scores of the timbres (B, timbres)."""

    def __init__(self) -> None:
        super().__init__()
        widths = (1, 24, 48, 96, 128)
        self.layers = nn.Sequential(
            *(
                layer
                for inputs, outputs in pairwise(widths)
                for layer in (nn.Conv2d(inputs, outputs, 3, 2, 1), nn.BatchNorm2d(outputs), nn.ReLU())
            )
        )
        self.out = nn.Linear(2 * widths[-1], len(PROGRAMS))

    def forward(self, mel: Tensor) -> Tensor:
        x = self.layers(mel[:, None] / 4 + 1).mean(3)
        return self.out(torch.cat((x.mean(2), x.amax(2)), dim=1))  # type: ignore[no-any-return]


class Transcriber(nn.Module):
    """Heard semitones (B, T, 134) to scores of note onsets and of sounding notes, (B, 2, T, pitches)."""

    def __init__(self) -> None:
        super().__init__()
        self.local = nn.Sequential(
            nn.Conv2d(1, 24, (5, 3), padding=(2, 1)),
            nn.BatchNorm2d(24),
            nn.ReLU(),
            nn.Conv2d(24, 32, (3, 3), stride=(1, 2), padding=(1, 1)),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Conv2d(32, 32, (3, 3), padding=(2, 1), dilation=(2, 1)),
            nn.BatchNorm2d(32),
            nn.ReLU(),
        )
        self.frame = nn.Sequential(nn.Linear(32 * 67, 256), nn.ReLU(), nn.Linear(256, 2 * PITCHES))

    def forward(self, bands: Tensor) -> Tensor:
        x = self.local(bands[:, None] / 4 + 1).transpose(1, 2).flatten(2)
        return self.frame(x).unflatten(2, (2, PITCHES)).transpose(1, 2)  # type: ignore[no-any-return]


def notes_in(notes: tuple[Note, ...], start: float, seconds: float) -> list[tuple[float, float, int]]:
    """(onset, end, pitch) of the notes that begin in the piece, in seconds from its start."""
    return [
        (note.start - start, note.end - start, note.pitch)
        for note in notes
        if start <= note.start < start + seconds - ONSET_TOLERANCE_SECONDS
    ]


def transcribe(net: Transcriber, audio: Tensor) -> list[list[tuple[float, int]]]:
    """(onset in seconds, pitch) of the notes heard in each row of `audio` (B, samples)."""
    with torch.no_grad():
        onsets = net(heard_semitones(audio))[:, 0].sigmoid()
    # A note is a local peak in time over the threshold.
    peak = F.max_pool2d(onsets[:, None], (7, 1), stride=1, padding=(3, 0))[:, 0]
    found: list[list[tuple[float, int]]] = [[] for _ in audio]
    for row, frame, pitch in ((onsets == peak) & (onsets > ONSET_THRESHOLD)).nonzero().tolist():
        found[row].append((frame * FRAME_SECONDS, pitch + LOWEST_PITCH))
    return found


def note_f1(heard: list[tuple[float, int]], score: list[tuple[float, float, int]]) -> float:
    """F1 of heard notes against the score: same pitch, onset within 0.1 s, each used once."""
    left, hits = list(heard), 0
    for onset, _, pitch in score:
        near = [n for n in left if n[1] == pitch and abs(n[0] - onset) <= ONSET_TOLERANCE_SECONDS]
        if near:
            left.remove(min(near, key=lambda n: abs(n[0] - onset)))
            hits += 1
    return 2 * hits / max(1, len(heard) + len(score))


class Pieces:
    """Random pieces of the training music with their timbres and notes."""

    def __init__(self, work: Path, seed: int) -> None:
        self.audio, _ = open_arrays(work)
        self.rng = np.random.default_rng(seed)
        self.scores = [random_sequence(i).notes for i in range(SEQUENCES - HELD_OUT)]
        self.vocoder = Vocoder().eval()
        self.vocoder.load_state_dict(torch.load(work / "vocoder.pt", weights_only=True)["mean"])

    def draw(self, batch: int) -> tuple[Tensor, Tensor, Tensor]:
        """Sound (B, 40960), timbre numbers (B,), and onset and activity targets (B, 2, 160, pitches)."""
        rng, samples = self.rng, CROP_FRAMES * HOP
        sounds, timbres = [], rng.integers(0, len(PROGRAMS), batch)
        targets = torch.zeros(batch, 2, CROP_FRAMES, PITCHES)
        for row, timbre in enumerate(timbres):
            index = int(rng.integers(len(self.scores)))
            start = int(rng.integers(0, self.audio.shape[2] - samples + 1))
            sound = self.audio[timbre, index, start : start + samples].astype(np.float32)
            sounds.append(sound * PEAK / max(float(np.abs(sound).max()), 1.0))
            for note in self.scores[index]:
                first = (note.start - start / SAMPLE_RATE) / FRAME_SECONDS
                last = (note.end - start / SAMPLE_RATE) / FRAME_SECONDS
                if first < CROP_FRAMES and last > 0:
                    pitch = note.pitch - LOWEST_PITCH
                    targets[row, 1, max(0, round(first)) : round(last), pitch] = 1
                    if first >= 0:
                        targets[row, 0, max(0, round(first) - 1) : round(first) + 2, pitch] = 1
        audio = torch.from_numpy(np.stack(sounds))
        with torch.no_grad():
            audio[::2] = self.vocoder(log_mel(audio[::2]))
        noise = 10 ** torch.from_numpy(rng.uniform(-5, -2.5, (batch, 1))).float()
        return audio + noise * torch.randn(audio.shape), torch.from_numpy(timbres), targets


def train_judge(
    work: Path, name: str, net: nn.Module, minutes: float, loss_of: Callable[[nn.Module, tuple[Tensor, ...]], Tensor]
) -> None:
    """Train one judge for `minutes` and write it to `name`.pt; skips when it is there."""
    if load_if_there(work / f"{name}.pt") is not None:
        return
    torch.set_num_threads(1)
    torch.manual_seed(2)
    pieces = Pieces(work, seed=77)
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3)
    began, step, recent = time.time(), 0, []
    while (share := (time.time() - began) / (minutes * 60)) < 1:
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * min(1.0, (step + 1) / 50) * max(1 - share, 0.01)
        loss = loss_of(net, pieces.draw(BATCH))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        step += 1
        recent.append(float(loss.detach()))
        if step % 100 == 0:
            print(f"{name} {share * minutes:.1f} min step {step} loss {np.mean(recent):.4f}", flush=True)
            recent = []
    save_atomically(work / f"{name}.pt", {"net": net.state_dict(), "step": step, "minutes": minutes})


def timbre_loss(net: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
    """Cross-entropy of the timbre."""
    return F.cross_entropy(net(heard_mel(batch[0])), batch[1])


def note_loss(net: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
    """Binary cross-entropy of onsets, which are rare and weigh more, and of activity."""
    bands = heard_semitones(batch[0])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        scores = net(bands)
    onset = F.binary_cross_entropy_with_logits(scores[:, 0].float(), batch[2][:, 0], pos_weight=torch.tensor(3.0))
    return 4 * onset + F.binary_cross_entropy_with_logits(scores[:, 1].float(), batch[2][:, 1])


def train_judges(work: Path, classifier_minutes: float, transcriber_minutes: float) -> None:
    """Train both."""
    train_judge(work, "classifier", Classifier(), classifier_minutes, timbre_loss)
    train_judge(work, "transcriber", Transcriber(), transcriber_minutes, note_loss)


def load_judges(work: Path) -> tuple[Classifier, Transcriber]:
    """Both, ready to listen."""
    classifier, transcriber = Classifier(), Transcriber()
    classifier.load_state_dict(torch.load(work / "classifier.pt", weights_only=True)["net"])
    transcriber.load_state_dict(torch.load(work / "transcriber.pt", weights_only=True)["net"])
    return classifier.eval(), transcriber.eval()


if __name__ == "__main__":
    train_judges(Path(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]))
