"""The front end's settings: what this model hears."""

from __future__ import annotations

from retone_engine.models.mel import MelFrontEnd

SAMPLE_RATE = 16_000
N_FFT = 1024
HOP = 256
MEL_BINS = 128

log_mel = MelFrontEnd(SAMPLE_RATE, N_FFT, HOP, MEL_BINS)
"""Sound (B, samples), samples a multiple of 256 and more than 512, to natural-log mel (B, samples / 256, 128)."""
