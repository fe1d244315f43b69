"""The two ends of a clip's way through a model: prepared for it, and fitted back exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from retone_engine.audio import band, image, level
from retone_engine.audio.channels import Way, choose, give, take
from retone_engine.audio.files import Clip, Samples
from retone_engine.audio.joins import Mask, acting, blend
from retone_engine.audio.rates import blocks, resample
from retone_engine.request import ClipRequest, RetoneError

# Under this peak (-120 dB) what would be edited is silence, and nothing is made of it.
_SILENT = 1e-6
# A shortfall in loudness that is worth a word, in LU.
_AUDIBLE_LU = 1.0
# How much louder than the clip an edit may be that is not made as loud: ears and speakers are at its other end.
_LOUDER_LU = 6.0
# The middle of such a clip holds less than half of it.
_LOST = 0.5


@dataclass(frozen=True)
class Prepared:
    """A clip at a model's rate.

    ``signals``: what the model edits, (signals, model channels, frames); ``low``: all of the clip's channels
    (channels, frames); ``way``: how the one came from the other; ``rate``: the model's, in Hz;
    ``unpredicted``: the share of the clip's energy that its middle says nothing of, 0..1.
    """

    signals: Samples
    low: Samples
    way: Way
    rate: int
    unpredicted: float

    @property
    def frames(self) -> int:
        return int(self.low.shape[1])

    @property
    def stereo(self) -> str | None:
        """What to ask for so that a piece of the clip goes the same way."""
        return None if self.way == "pairs" else self.way


@dataclass(frozen=True)
class Fitted:
    """An edit of ``clip``: ``samples`` of its shape, ``figures`` about it, ``warnings`` to pass on.

    Figures: ``loudness_source`` and ``loudness`` of the edited part before the gain (LUFS; dB RMS where too short),
    ``gain_db``, ``peak``, ``highs_gain_db`` (mean; None where none were given back), ``unpredicted``, ``way``.
    Warnings: pairs of a key of WARNINGS and a message.
    """

    clip: Clip
    samples: Samples
    figures: Mapping[str, float | str | None]
    warnings: tuple[tuple[str, str], ...]


def prepare(clip: Clip, model_rate: int, model_channels: int, stereo: str | None) -> Prepared:
    """What a model at ``model_rate`` Hz of ``model_channels`` edits of ``clip``.

    A mono model takes the middle (``stereo`` mid or mono) or each channel; None chooses between mid and each. A
    stereo model takes pairs, a mono clip doubled.
    """
    low = resample(clip.samples, clip.rate, model_rate)
    several = clip.channels > 1 and model_channels == 1
    unpredicted = image.unpredicted_share(low, model_rate) if several else 0.0
    way = choose(clip.channels, model_channels, stereo, unpredicted)
    return Prepared(take(low, way, model_channels), low, way, model_rate, unpredicted)


def fit(clip: Clip, prepared: Prepared, edited: Samples, settings: ClipRequest) -> Fitted:
    """``edited`` (signals, model channels, at least the prepared frames) as an edit of ``clip``.

    Exactly the region's rate, channels and frames, in place; ``settings`` says what is given back: the image of a
    middle, the band above the model, the loudness, the ends, and the source outside the mask.
    Raises RetoneError(bad_mask, bad_samples, internal).
    """
    masks = acting(clip, settings)
    if edited.ndim != 3 or edited.shape[:2] != prepared.signals.shape[:2] or edited.shape[2] < prepared.frames:
        raise RetoneError("internal", f"An edit of shape {edited.shape} came for {prepared.signals.shape}.")
    edited = edited[..., : prepared.frames].astype(np.float32, copy=False)
    if not np.isfinite(edited).all():
        raise RetoneError("bad_samples", "The model made samples that are no numbers; ask for precision float32.")
    if not masks or level.peak(_within(clip.samples, masks)) < _SILENT:
        return Fitted(clip, clip.samples.copy(), {"way": prepared.way}, ())

    low = give(edited, prepared.way, clip.channels)
    if prepared.way == "mid":
        low = image.restore(prepared.low, low[0], prepared.rate)
    gains = None
    if settings.highs and clip.rate != prepared.rate:
        gains = band.follow(prepared.low, low, prepared.rate, min(clip.rate, prepared.rate) / 2)
    samples = _widen(clip, prepared, low, gains)
    figures: dict[str, float | str | None] = {"way": prepared.way, "unpredicted": round(prepared.unpredicted, 4)}
    warnings = list(_image_warning(clip, prepared))
    if settings.loudness != "free":
        warnings += _level(clip, samples, masks, figures, settings.loudness == "match")
    blend(clip.samples, samples, masks, clip.rate, settings.crossfade)
    figures["peak"] = level.peak(samples)
    return Fitted(clip, samples, figures, tuple(warnings))


def _widen(clip: Clip, prepared: Prepared, low: Samples, gains: band.Gains | None) -> Samples:
    """``low`` at the clip's rate, with the complement of what the model was given scaled by ``gains``."""
    out = np.empty(clip.samples.shape, np.float32)
    parts = [low] if gains is None else [low, prepared.low]
    first = 0
    for block in blocks(parts, prepared.rate, clip.rate, clip.frames):
        last = first + block.shape[1]
        out[:, first:last] = block[: clip.channels]
        if gains is not None:
            high = clip.samples[:, first:last] - block[clip.channels :]
            out[:, first:last] += gains.at(first, last, clip.rate) * high
        first = last
    return out


def _level(
    clip: Clip, samples: Samples, masks: Sequence[Mask], figures: dict[str, float | str | None], matched: bool
) -> list[tuple[str, str]]:
    """Bring ``samples`` to the clip's loudness inside ``masks``, in place; if not ``matched``, only under a limit."""
    source, edited = (_within(x, masks) for x in (clip.samples, samples))
    match = level.match(source, edited, clip.rate, level.ceiling(clip.samples))
    gain_db = match.gain_db if matched else min(0.0, match.wanted_db + _LOUDER_LU, match.room_db)
    samples *= np.float32(10 ** (gain_db / 20))
    figures["loudness_source"] = round(match.source_db, 2)
    figures["loudness"] = round(match.edited_db, 2)
    figures["gain_db"] = round(gain_db, 2)
    if not matched:
        return []
    missing = match.wanted_db - match.gain_db
    if missing < _AUDIBLE_LU:
        return []
    if match.gain_db < level.GAIN_LIMIT_DB:
        why = "its peaks allow no more"
    else:
        why = f"the model made next to nothing, and no edit is raised by more than {level.GAIN_LIMIT_DB:g} dB"
    return [("level", f"The edit is {missing:.1f} dB softer than the clip, as {why}.")]


def _within(samples: Samples, masks: Sequence[Mask]) -> Samples:
    """The frames of ``samples`` inside ``masks``, one after the other; of a single one not copied."""
    parts = [samples[:, mask.start : mask.stop] for mask in masks]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


def _image_warning(clip: Clip, prepared: Prepared) -> list[tuple[str, str]]:
    if prepared.way != "mid" or prepared.unpredicted <= _LOST:
        return []
    share = round(100 * prepared.unpredicted)
    return [("mono", f"The middle holds nothing of {share} % of the clip's sound; set stereo to each to edit it all.")]
