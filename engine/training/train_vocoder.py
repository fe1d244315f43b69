"""Train the vocoder: spectra at several resolutions and the log-mel of what it makes against the truth; no GAN.

Besides single timbres it hears mixtures of two and bursts of noise, so that it copes with sounds that no note made.
"""

from __future__ import annotations

import copy
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from checkpoints import load_if_there, save_atomically
from data import HELD_OUT, SEQUENCES, open_arrays
from retone_engine.models.pocket.mel import HOP, SAMPLE_RATE, log_mel
from retone_engine.models.pocket.vocoder import Vocoder

BATCH = 12
CROP = 68  # frames, 1.09 s
RATE = 1e-3
WARM_STEPS = 200
CONSTANT_SHARE = 0.5
EMA = 0.999
WINDOWS = (256, 512, 1024, 2048, 4096)
NATS_PER_DB = float(np.log(10) / 20)


class Crops:
    """Random second-long pieces of the training sound."""

    def __init__(self, work: Path, seed: int) -> None:
        self.audio, _ = open_arrays(work)
        self.rng = np.random.default_rng(seed)

    def draw(self, batch: int) -> Tensor:
        """Sound of shape (batch, CROP * HOP)."""
        return torch.from_numpy(np.stack([self._one() for _ in range(batch)]))

    def _one(self) -> np.ndarray:
        rng = self.rng
        sound = self._piece()
        chance = rng.random()
        if chance < 0.25:
            sound = sound + self._piece() * rng.uniform(0.2, 1.0)
        elif chance < 0.4:
            sound = sound * rng.uniform(0.0, 1.0) + self._burst()
        gain = 10 ** (rng.uniform(-14, 4) / 20)
        return np.clip(sound * gain, -1, 1).astype(np.float32)

    def _piece(self) -> np.ndarray:
        rng = self.rng
        timbre, index = int(rng.integers(self.audio.shape[0])), int(rng.integers(SEQUENCES - HELD_OUT))
        start = int(rng.integers(0, self.audio.shape[2] - CROP * HOP + 1))
        return self.audio[timbre, index, start : start + CROP * HOP].astype(np.float32) / 32768

    def _burst(self) -> np.ndarray:
        """Noise in a random band with random decays, like a drum or a consonant."""
        rng, samples = self.rng, CROP * HOP
        low, high = np.sort(rng.uniform(50, 8000, 2))
        spectrum = np.fft.rfft(rng.standard_normal(samples))
        frequency = np.fft.rfftfreq(samples, 1 / SAMPLE_RATE)
        spectrum[(frequency < low) | (frequency > high + 200)] *= 0.03
        noise = np.fft.irfft(spectrum, samples)
        envelope = np.zeros(samples)
        for start in rng.integers(0, samples, int(rng.integers(1, 5))):
            decay = rng.uniform(0.01, 0.3) * SAMPLE_RATE
            envelope[start:] += rng.uniform(0.2, 1.0) * np.exp(-np.arange(samples - start) / decay)
        return 0.3 * noise * envelope / max(noise.std(), 1e-6)


def spectral_loss(made: Tensor, true: Tensor) -> Tensor:
    """Mean over resolutions of spectral convergence and the distance of log magnitudes."""
    losses = []
    for size in WINDOWS:
        window = torch.hann_window(size)
        made_size, true_size = (
            torch.stft(sound, size, size // 4, window=window, return_complex=True).abs().clamp_min(1e-5 * size**0.5)
            for sound in (made, true)
        )
        convergence = (made_size - true_size).norm(dim=(1, 2)) / true_size.norm(dim=(1, 2)).clamp_min(1e-2)
        losses.append(convergence.mean() + F.l1_loss(made_size.log(), true_size.log()))
    return torch.stack(losses).mean()


def train(work: Path, minutes: float) -> None:
    """Train for `minutes` in all, resuming from the checkpoint."""
    torch.set_num_threads(1)
    torch.manual_seed(1)
    net = Vocoder()
    mean = copy.deepcopy(net).requires_grad_(False)
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, betas=(0.8, 0.99), weight_decay=0.01)
    state = load_if_there(work / "vocoder.pt")
    step, used = 0, 0.0
    if state is not None:
        net.load_state_dict(state["net"])
        mean.load_state_dict(state["mean"])
        optimizer.load_state_dict(state["optimizer"])
        step, used = state["step"], state["seconds"]
    crops = Crops(work, seed=step)
    print(f"{sum(p.numel() for p in net.parameters()) / 1e6:.2f} M parameters, from step {step}", flush=True)
    began, told = time.time() - used, time.time()
    recent: list[tuple[float, float]] = []
    while (elapsed := time.time() - began) < minutes * 60:
        share = elapsed / (minutes * 60)
        fall = 1.0 if share < CONSTANT_SHARE else (1 - share) / (1 - CONSTANT_SHARE)
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / WARM_STEPS) * max(fall, 0.01)
        true = crops.draw(BATCH)
        mel = log_mel(true)
        depth = torch.from_numpy(crops.rng.uniform(60, 90, (BATCH, 1, 1))).float() * NATS_PER_DB
        floored = torch.maximum(mel, mel.amax(dim=(1, 2), keepdim=True) - depth)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            made = net(floored)
        heard = torch.maximum(log_mel(made), floored.amin(dim=(1, 2), keepdim=True))
        mel_loss = F.l1_loss(heard, floored)
        loss = spectral_loss(made, true) + 2 * mel_loss
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        step += 1
        keep = min(EMA, (1 + step) / (10 + step))
        with torch.no_grad():
            torch._foreach_lerp_(list(mean.parameters()), list(net.parameters()), 1 - keep)
        recent.append((float(loss.detach()), float(mel_loss.detach())))
        if step % 100 == 0:
            both = np.mean(recent, axis=0)
            print(f"{elapsed:6.0f} s step {step} loss {both[0]:.3f} mel {both[1]:.3f}", flush=True)
            recent = []
        if time.time() - told > 120:
            told = time.time()
            save(work, net, mean, optimizer, step, time.time() - began)
    save(work, net, mean, optimizer, step, time.time() - began)


def save(work: Path, net: Vocoder, mean: Vocoder, optimizer: torch.optim.Optimizer, step: int, seconds: float) -> None:
    """Write the whole state of training."""
    state = {"net": net.state_dict(), "mean": mean.state_dict(), "optimizer": optimizer.state_dict()}
    save_atomically(work / "vocoder.pt", {**state, "step": step, "seconds": seconds})


if __name__ == "__main__":
    train(Path(sys.argv[1]), float(sys.argv[2]))
