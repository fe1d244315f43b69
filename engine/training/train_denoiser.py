"""Train the denoiser and the text encoder together on crops of the training latents.

v-prediction on the variance-preserving path with continuous time: lam = ln(a / s) is drawn mostly from the middle,
where an edit does its work. The schedule is one of wall-clock time, so that the same command suits any budget.
"""

from __future__ import annotations

import copy
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from captions import caption
from checkpoints import load_if_there, save_atomically
from data import HELD_OUT, SEQUENCES
from retone_engine.models.pocket.network import Denoiser
from retone_engine.models.pocket.text import TextEncoder, counts
from scores import PROGRAMS, random_sequence

BATCH = 16
CROP = 40  # latent frames, 2.56 s
RATE = 6e-4
WARM_STEPS = 200
CONSTANT_SHARE = 0.55  # of the budget; then the rate falls to nothing
EMA = 0.999
CAPTION_DROP = 0.1


class Pair(nn.Module):
    """The two networks that are trained as one."""

    def __init__(self) -> None:
        super().__init__()
        self.denoiser = Denoiser()
        self.text = TextEncoder(self.denoiser.condition_width)

    def forward(self, x: Tensor, lam: Tensor, words: Tensor) -> Tensor:
        return self.denoiser(x, lam, self.text(words))  # type: ignore[no-any-return]


class Batches:
    """Random crops with random captions."""

    def __init__(self, work: Path, seed: int) -> None:
        self.latents = np.load(work / "latents.npy", mmap_mode="r")
        self.sequences = [random_sequence(i) for i in range(SEQUENCES - HELD_OUT)]
        self.timbres = list(PROGRAMS)
        self.rng = np.random.default_rng(seed)

    def draw(self, batch: int, crop: int) -> tuple[Tensor, Tensor, Tensor]:
        """Latents (B, 16, crop, 32), word counts (B, words), lam (B,)."""
        rng, rows, prompts = self.rng, [], []
        for _ in range(batch):
            timbre, index = int(rng.integers(len(self.timbres))), int(rng.integers(len(self.sequences)))
            start = int(rng.integers(0, self.latents.shape[3] - crop + 1))
            rows.append(np.asarray(self.latents[timbre, index, :, start : start + crop], dtype=np.float32))
            empty = rng.random() < CAPTION_DROP
            prompts.append("" if empty else caption(self.timbres[timbre], self.sequences[index], rng))
        middle, wide = rng.normal(-0.3, 1.3, batch), rng.uniform(-4.0, 4.5, batch)
        lam = np.clip(np.where(rng.random(batch) < 0.8, middle, wide), -4.0, 4.5)
        return torch.from_numpy(np.stack(rows)), counts(prompts), torch.from_numpy(lam).float()


def loss_of(net: nn.Module, x0: Tensor, words: Tensor, lam: Tensor, generator: torch.Generator) -> Tensor:
    """Mean squared error of v, each (B,)."""
    a = torch.sigmoid(2 * lam).sqrt()[:, None, None, None]
    s = torch.sigmoid(-2 * lam).sqrt()[:, None, None, None]
    e = torch.randn(x0.shape, generator=generator)
    x = (a * x0 + s * e).to(memory_format=torch.channels_last)
    # The plain attention: its backward pass is five times faster here than the fused one's on a CPU.
    with torch.autocast("cpu", dtype=torch.bfloat16), sdpa_kernel([SDPBackend.MATH]):
        v = net(x, lam, words)
    return (v.float() - (a * e - s * x0)).square().mean(dim=(1, 2, 3))


def train(work: Path, minutes: float) -> None:
    """Train for `minutes` in all, resuming from the checkpoint; skips when the time is used up."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    pair = Pair().to(memory_format=torch.channels_last)
    mean = copy.deepcopy(pair).requires_grad_(False)
    optimizer = torch.optim.AdamW(pair.parameters(), lr=RATE, betas=(0.9, 0.99), weight_decay=0.01)
    state = load_if_there(work / "denoiser.pt")
    step, used = 0, 0.0
    if state is not None:
        pair.load_state_dict(state["pair"])
        mean.load_state_dict(state["mean"])
        optimizer.load_state_dict(state["optimizer"])
        step, used = state["step"], state["seconds"]
    batches = Batches(work, seed=step)
    noise = torch.Generator().manual_seed(step)
    parameters = sum(p.numel() for p in pair.parameters())
    print(f"{parameters / 1e6:.2f} M parameters, from step {step}", flush=True)
    began, told, recent = time.time() - used, time.time(), []
    while (elapsed := time.time() - began) < minutes * 60:
        share = elapsed / (minutes * 60)
        fall = 1.0 if share < CONSTANT_SHARE else (1 - share) / (1 - CONSTANT_SHARE)
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / WARM_STEPS) * max(fall, 0.01)
        x0, words, lam = batches.draw(BATCH, CROP)
        loss = loss_of(pair, x0, words, lam, noise).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(pair.parameters(), 1.0)
        optimizer.step()
        step += 1
        keep = min(EMA, (1 + step) / (10 + step))
        with torch.no_grad():
            torch._foreach_lerp_(list(mean.parameters()), list(pair.parameters()), 1 - keep)
        recent.append(float(loss.detach()))
        if step % 100 == 0:
            print(f"{elapsed:6.0f} s step {step} loss {np.mean(recent):.4f}", flush=True)
            recent = []
        if time.time() - told > 120:
            told = time.time()
            save(work, pair, mean, optimizer, step, time.time() - began)
    save(work, pair, mean, optimizer, step, time.time() - began)


def save(work: Path, pair: Pair, mean: Pair, optimizer: torch.optim.Optimizer, step: int, seconds: float) -> None:
    """Write the whole state of training."""
    state = {"pair": pair.state_dict(), "mean": mean.state_dict(), "optimizer": optimizer.state_dict()}
    save_atomically(work / "denoiser.pt", {**state, "step": step, "seconds": seconds})


if __name__ == "__main__":
    train(Path(sys.argv[1]), float(sys.argv[2]))
