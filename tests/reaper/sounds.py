"""Clips for items, and what is heard of a take by other means than the fake's accessor: scipy's resampling."""

from fractions import Fraction

import numpy as np
import soundfile
from scipy.signal import resample_poly


def clip(path, seconds=1.0, rate=44100, channels=2, seed=1):
    """Writes tones over a little noise, without a seam where it goes round: (frames, channels) in 24 bits."""
    frames = round(seconds * rate)
    phase = 2 * np.pi * np.arange(frames)[:, None] / frames
    turns = np.round(seconds * np.array([[220.0, 330.0], [554.0, 659.0], [1109.0, 880.0]])[:, :channels])
    sound = sum(0.2 * np.sin(phase * one) for one in turns)
    path.parent.mkdir(parents=True, exist_ok=True)
    sound += np.random.default_rng(seed).normal(0, 0.002, sound.shape)
    soundfile.write(path, sound, rate, subtype="PCM_24")
    return path


def played(path, playrate, seconds):
    """A clip played from its beginning at a rate, going round, for ``seconds``: at the clip's own sample rate."""
    sound, rate = soundfile.read(path, always_2d=True)
    speed = Fraction(playrate).limit_denominator(1000)
    frames = round(seconds * rate)
    rounds = int(np.ceil(frames * playrate / len(sound))) + 2
    # One more round before, so that the filter's edge lies outside.
    long = resample_poly(np.tile(sound, (rounds + 1, 1)), speed.denominator, speed.numerator, axis=0)
    start = len(sound) * speed.denominator / speed.numerator
    assert start == int(start), "choose a length that the rate divides"
    return long[int(start) : int(start) + frames]
