"""What each switch of the audio rooms gives: one table a clip, and the memory and time of short and long ones.

    python engine/benchmarks/audio_quality.py [FILE ...]

No model runs here. The edit is a stand-in that is as unkind as one: darker (one pole), 4 dB softer, and with the phases
of a vocoder that never saw the clip's. It acts on a region in the middle of each clip, so that both of its ends have
neighbours. Columns: correlation and level difference of the first and last channel; how far their coherence and level
difference are from the source's by ERB band, below 8 kHz, weighted by energy; energy above 8 kHz and loudness against
the source's; and at the worse of the two ends, the step from frame to frame, the jump in level (5 ms on both sides)
and in log spectrum (23 ms). Jumps are to be read beside the source's own, in the first row.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from dataclasses import astuple, dataclass, replace
from pathlib import Path

import numpy as np

from retone_engine.audio import Clip, Samples, fit, prepare, read, resample
from retone_engine.audio.level import loudness, rms_db
from retone_engine.audio.spectra import Spectra, bands, power, smooth
from retone_engine.request import EditRequest

DEMO = Path(__file__).parents[2] / "bridge/retone_bridge/data/demo.flac"
MODEL_RATE = 16_000
SWITCHES = {
    "all on": {},
    "stereo each": {"stereo": "each"},
    "stereo mono": {"stereo": "mono"},
    "highs off": {"highs": False},
    "match_loudness off": {"match_loudness": False},
    "crossfade off": {"crossfade": False},
}
HEAD = (
    "",
    "corr.",
    "R/L dB",
    "coherence err.",
    "R/L err. dB",
    ">8 kHz dB",
    "loud. LU",
    "step",
    "level dB",
    "spectrum dB",
)


@dataclass(frozen=True)
class Figures:
    correlation: float
    balance_db: float
    coherence_error: float
    balance_error_db: float
    highs_db: float
    loudness: float
    step: float
    level_jump_db: float
    spectral_jump_db: float


def stand_in(signal: Samples) -> Samples:
    """``signal`` (frames,) as an unkind model would give it back."""
    spectra = Spectra(1024)
    chance = np.random.default_rng(0)
    out = np.zeros((1, signal.shape[0]), np.float32)
    pole = np.abs(0.35 / (1 - 0.65 * np.exp(-2j * np.pi * np.arange(spectra.bins) / spectra.size)))
    for first, last in spectra.blocks(signal.shape[0]):
        spectrum = spectra.analyse(signal[None], first, last)
        turns = chance.normal(0, 0.15, spectrum.shape)
        spectra.add((spectrum * pole * np.exp(2j * np.pi * turns)).astype(np.complex64), first, out)
    return out[0] * np.float32(10 ** (-4 / 20))


def measure(whole: Clip, start: int, samples: Samples) -> Figures:
    """Figures of ``samples`` laid into ``whole`` from frame ``start`` on; highs and loudness are absolute."""
    rate = whole.rate
    laid = whole.samples.copy()
    laid[:, start : start + samples.shape[1]] = samples
    pair = samples[[0, -1]]
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.shape[1]))) ** 2
    above = spectrum[:, np.fft.rfftfreq(samples.shape[1], 1 / rate) > 8_000].sum()
    ends = (start, start + samples.shape[1])
    source = whole.samples[:, start : ends[1]][[0, -1]]
    errors = np.abs(np.subtract(_image(pair, rate), _image(source, rate)))
    return Figures(
        correlation=float(np.corrcoef(pair)[0, 1]),
        balance_db=rms_db(pair[1:]) - rms_db(pair[:1]),
        coherence_error=float(errors[0] @ _weights(source, rate)),
        balance_error_db=float(errors[1] @ _weights(source, rate)),
        highs_db=10 * float(np.log10(above + 1e-9)),
        loudness=loudness(samples, rate) or -np.inf,
        step=max(float(np.abs(laid[:, end] - laid[:, end - 1]).max()) for end in ends),
        level_jump_db=max(_level_jump(laid, end, rate) for end in ends),
        spectral_jump_db=max(_spectral_jump(laid, end, rate) for end in ends),
    )


def _energies(pair: Samples, rate: int) -> tuple[Samples, Samples, Samples]:
    """Two channels' energies and the magnitude of their product by ERB band, smoothed: (frames, bands) each."""
    low = resample(pair, rate, MODEL_RATE)
    spectra = Spectra.of(MODEL_RATE, 0.064)
    weights = bands(MODEL_RATE, spectra.bins, 24).T
    left, right = spectra.analyse(low, 0, spectra.count(low.shape[1]))
    across = smooth((left * right.conj()) @ weights, 4)
    return smooth(power(left) @ weights, 4), smooth(power(right) @ weights, 4), np.abs(across)


def _image(pair: Samples, rate: int) -> tuple[Samples, Samples]:
    """Coherence and level difference in dB, by band."""
    left, right, across = (energy + 1e-9 for energy in _energies(pair, rate))
    coherence = across.sum(axis=0) / np.sqrt(left * right).sum(axis=0)
    return coherence, 10 * np.log10(right.sum(axis=0) / left.sum(axis=0))


def _weights(pair: Samples, rate: int) -> Samples:
    left, right, _ = _energies(pair, rate)
    energy = (left + right).sum(axis=0)
    return energy / energy.sum()


def _level_jump(samples: Samples, end: int, rate: int) -> float:
    reach = round(0.005 * rate)
    return abs(rms_db(samples[:, end - reach : end]) - rms_db(samples[:, end : end + reach]))


def _spectral_jump(samples: Samples, end: int, rate: int) -> float:
    reach = round(0.023 * rate)
    sides = [samples[0, end - reach : end], samples[0, end : end + reach]]
    levels = [20 * np.log10(np.abs(np.fft.rfft(side * np.hanning(reach))) + 1e-4) for side in sides]
    return float(np.sqrt(np.mean((levels[0] - levels[1]) ** 2)))


def table(name: str, whole: Clip) -> None:
    start, frames = round(0.27 * whole.frames), whole.frames // 2
    region = Clip(whole.samples[:, start : start + frames], whole.rate, start, whole.frames, whole.path)
    source = measure(whole, start, region.samples)
    print(f"\n{name}: {whole.channels} channels, {whole.rate} Hz, {whole.frames / whole.rate:.1f} s")
    print(f"{HEAD[0]:26}" + "".join(f"{word:>15}" for word in HEAD[1:]))
    _row("source", replace(source, highs_db=0, loudness=0))
    for label, switches in SWITCHES.items():
        request = EditRequest(whole.path, prompt="darker", **switches)
        prepared = prepare(region, MODEL_RATE, 1, request.stereo)
        edited = np.stack([stand_in(signal[0])[None] for signal in prepared.signals])
        fitted = fit(region, prepared, edited, request)
        figures = measure(whole, start, fitted.samples)
        against = {name: getattr(figures, name) - getattr(source, name) for name in ("highs_db", "loudness")}
        _row(f"{label} ({prepared.way})", replace(figures, **against))
    prepared = prepare(region, MODEL_RATE, 1, None)
    back = fit(region, prepared, prepared.signals, EditRequest(whole.path, prompt="the same")).samples
    error = 20 * np.log10(np.abs(back - region.samples).max() / np.abs(region.samples).max() + 1e-12)
    print(f"an edit that changes nothing: largest error {error:.0f} dB under the clip's peak")


def _row(label: str, figures: Figures) -> None:
    print(f"{label:26}" + "".join(f"{value:15.3f}" for value in astuple(figures)))


def synthetic() -> dict[str, Clip]:
    """Clips whose image is known: a panned one, a wide one, two unrelated channels, a bright one at 96 kHz."""
    chance = np.random.default_rng(0)

    def clip(rate: int, *channels: Samples) -> Clip:
        samples = np.stack(channels).astype(np.float32)
        return Clip(samples, rate, 0, samples.shape[1], "synthetic")

    def plucks(rate: int, hertz: float = 330, seconds: int = 8) -> Samples:
        pulse = chance.standard_normal(rate // 2) * np.exp(-np.arange(rate // 2) / rate * 12)
        pitch = np.sin(2 * np.pi * hertz * np.arange(rate // 2) / rate) * np.exp(-np.arange(rate // 2) / rate * 5)
        return np.tile(0.05 * pulse + 0.2 * pitch, 2 * seconds)

    mono, other = plucks(44_100), plucks(44_100, 494)
    side = 0.3 * other
    return {
        "panned, 6 dB to the left": clip(44_100, mono, 0.5 * mono),
        "wide": clip(44_100, mono + side, mono - side),
        "two unrelated channels": clip(44_100, mono, np.roll(other, 9_000)),
        "mono at 96 kHz": clip(96_000, plucks(96_000)),
    }


def cost(seconds: int) -> None:
    """Print what ``prepare`` and ``fit`` of a stereo clip at 48 kHz take, in this process."""
    rate = 48_000
    second = 0.1 * np.random.default_rng(0).standard_normal((2, rate)).astype(np.float32)
    samples = np.tile(second, (1, seconds))
    clip = Clip(samples, rate, 0, samples.shape[1], "synthetic")
    # Once on a short piece, so that what the libraries themselves take is there before the count begins.
    _way(Clip(samples[:, :rate].copy(), rate, 0, rate, "synthetic"))
    before, begin = _resident(), time.perf_counter()
    _way(clip)
    taken, megabytes = time.perf_counter() - begin, samples.nbytes / 2**20
    print(f"{seconds:4d} s, {megabytes:6.1f} MiB: {_resident() - before:6.1f} MiB more with the result, {taken:.2f} s")


def _way(clip: Clip) -> None:
    prepared = prepare(clip, MODEL_RATE, 1, "mid")
    fit(clip, prepared, prepared.signals * np.float32(0.9), EditRequest("synthetic", prompt="softer"))


def _resident() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["--cost"]:
        cost(int(arguments[1]))
        return
    for path in [Path(name) for name in arguments] or [DEMO]:
        table(path.name, read(path))
    if not arguments:
        for name, clip in synthetic().items():
            table(name, clip)
    print("\nprepare and fit of a stereo clip at 48 kHz through a mono model at 16 kHz:")
    for seconds in (20, 180):
        subprocess.run([sys.executable, __file__, "--cost", str(seconds)], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
