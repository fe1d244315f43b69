"""What can be asked of Retone: the three requests, checked. No torch here: the bridge imports this one file.

The settings stand in ``parameters``, the errors and warnings in ``errors``; what the bridge needs of them is given on.
"""

from __future__ import annotations

import os
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar, Literal, Self

from retone_engine.bounds import Bounds, Stamp
from retone_engine.errors import CODES, WARNINGS, RetoneError
from retone_engine.parameters import BY_NAME, PARAMETERS, PROMPT_LIMIT, Asked, Parameter, parameter_named, taken_by
from retone_engine.segments import Segment, segments_of

__all__ = [
    "BY_NAME", "CODES", "KINDS", "PARAMETERS", "PLACES", "PROMPT_LIMIT", "WARNINGS", "Asked", "Bounds", "ClipRequest",
    "DirectionsRequest", "EditRequest", "Parameter", "Push", "RetoneError", "Segment", "Stamp", "SteerRequest",
    "amounts_of", "check_range", "is_path", "pairs", "parameter_named", "request_of", "steering", "taken_by",
]  # fmt: skip


# As many as there may be variations: each is a row of one batch, and a file.
AMOUNTS_LIMIT = 16
# What every system takes as the name of a folder: neither . nor .. is among them, nor a way to write a drive.
_NAME_BYTES = 255
_FOLDER_NAME = re.compile(r'[^\x00-\x1f\x7f<>:"/\\|?*]*[^\x00-\x1f\x7f<>:"/\\|?* .]')

# The fields that say where files lie: no part of what a result was made from.
PLACES = frozenset({"path", "output_folder", "output_subfolder"})


@dataclass(frozen=True)
class ClipRequest(ABC):
    """What all requests share. Each field but ``path`` is the parameter of the same name; None is auto."""

    kind: ClassVar[Asked]

    path: str
    source_prompt: str = ""
    strength: float | None = None
    source_guidance_scale: float | None = None
    steps: int | None = None
    spacing: str = "log_snr"
    seed: int = 0
    only: int | None = None
    model: str | None = None
    region_start: int = 0
    region_frames: int | None = None
    mask_start: int | None = None
    mask_frames: int | None = None
    restore: bool = True
    stereo: str | None = None
    highs: bool = True
    match_loudness: bool | None = None
    crossfade: bool = True
    precision: str | None = None
    block: int | None = None
    output_folder: str = ""
    output_subfolder: str = ""

    @classmethod
    def of(cls, path: str, values: Mapping[str, object], **more: Any) -> Self:
        """A checked request from loose ``values``, and ``more`` fields as they are.

        Raises RetoneError(bad_request) that names the fault.
        """
        if not isinstance(path, str) or not path.strip() or "\0" in path:
            raise RetoneError("bad_request", "The path of the clip is empty; give the audio file to edit.")
        checked = {name: parameter_named(name, cls.kind).coerce(value) for name, value in values.items()}
        request = replace(cls(path), **checked, **more)
        request.check()
        return request

    def check(self) -> None:
        """Raises RetoneError where fields that are right alone do not go together."""
        if self.mask_start is not None and self.mask_start < self.region_start:
            raise RetoneError("bad_mask", "The mask starts before the region; both count frames of the file.")
        total = len(self.all_results())
        if self.only is not None and self.only > total:
            raise RetoneError("bad_request", f"only is {self.only}; this request has results 1 to {total}.")
        if self.subfolders and not self.output_folder:
            raise RetoneError("bad_request", "output_subfolder lies below an output_folder; name that one, too.")

    @abstractmethod
    def all_results(self) -> tuple[str, ...]:
        """What tells the files of this request apart, in order, ``only`` aside; a single one needs no name."""

    @property
    def subfolders(self) -> tuple[str, ...]:
        """The names that ``output_subfolder`` holds, outermost first; raises RetoneError(bad_request)."""
        names = tuple(self.output_subfolder.split("/")) if self.output_subfolder else ()
        for name in names:
            if not _FOLDER_NAME.fullmatch(name) or len(name.encode()) > _NAME_BYTES:
                why = f"it takes names of at most {_NAME_BYTES} bytes with / between them, as Samples/Processed/Retone"
                raise RetoneError("bad_request", f"output_subfolder is {self.output_subfolder[:60]!r}; {why}.")
        return names

    @property
    def wanted(self) -> tuple[int, ...]:
        """Which of ``all_results`` are made, from 0."""
        return tuple(range(len(self.all_results()))) if self.only is None else (self.only - 1,)

    @property
    def results(self) -> tuple[str, ...]:
        """Those of ``all_results`` that are made."""
        every = self.all_results()
        return tuple(every[index] for index in self.wanted)

    @property
    def loudness(self) -> Literal["match", "limit", "free"]:
        """Whether results are made as loud as the clip, only kept from being much louder, or left as they are."""
        if self.match_loudness is None:
            return "match" if self.kind == "edit" else "limit"
        return "match" if self.match_loudness else "free"

    def values(self) -> dict[str, Any]:
        """The fields and the kind, plain enough for JSON; ``request_of(values)`` gives the request back."""
        return {"kind": self.kind, **asdict(self)}


@dataclass(frozen=True)
class EditRequest(ClipRequest):
    """Edits of one clip by prompts."""

    kind: ClassVar[Asked] = "edit"

    prompt: str = ""
    segments: str = ""
    negative_prompt: str = ""
    guidance_scale: float | None = None
    guidance_rescale: float | None = None
    variations: int = 1
    method: str = "ddpm_inversion"

    def check(self) -> None:
        super().check()
        if not self.prompt and not self.parts:
            raise RetoneError("bad_request", "The prompt is empty; say what the clip should sound like.")

    @property
    def parts(self) -> tuple[Segment, ...]:
        """The segments, read; raises RetoneError(bad_request)."""
        return segments_of(self.segments)

    def all_results(self) -> tuple[str, ...]:
        return _numbered(self.variations)


@dataclass(frozen=True)
class DirectionsRequest(ClipRequest):
    """Directions of one clip: found, described, and heard a little way along each."""

    kind: ClassVar[Asked] = "directions"

    count: int = 3
    noise_level: float | None = None
    strength_end: float | None = None
    each_step: bool = False

    def check(self) -> None:
        super().check()
        if self.each_step and self.noise_level is not None:
            why = "each_step looks at every step, noise_level at one; give one of the two"
            raise RetoneError("bad_request", f"noise_level and each_step are both given: {why}.")
        if self.precision == "bfloat16":
            why = "directions are too fine for it; it takes float32, or auto"
            raise RetoneError("bad_request", f"precision is bfloat16: {why}.")
        if self.strength is not None and self.strength_end is not None:
            check_range(self.strength, self.strength_end)

    def all_results(self) -> tuple[str, ...]:
        return tuple(f"{k}-{side}" for k in range(1, self.count + 1) for side in ("plus", "minus"))


@dataclass(frozen=True)
class Push:
    """Along direction ``direction`` (from 1) by each of ``amounts``, -1 to 1; 1 is three standard deviations."""

    direction: int
    amounts: tuple[float, ...]


@dataclass(frozen=True)
class SteerRequest(DirectionsRequest):
    """A clip taken along its directions, all of ``pushes`` together; each of their amounts in turn is one result."""

    kind: ClassVar[Asked] = "steer"

    pushes: tuple[Push, ...] = ()

    def check(self) -> None:
        super().check()
        if not self.pushes:
            why = "give one and an amount, such as direction 1 amount 0.5"
            raise RetoneError("bad_request", f"There is no direction to steer along; {why}.")
        numbers = [push.direction for push in self.pushes]
        for number in numbers:
            if number > self.count:
                why = f"{self.count} are looked for (count), so it takes 1 to {self.count}"
                raise RetoneError("bad_request", f"direction is {number}; {why}.")
            if numbers.count(number) > 1:
                raise RetoneError("bad_request", f"direction {number} is given twice; give its amount once.")
        lengths = {len(push.amounts) for push in self.pushes} - {1}
        if len(lengths) > 1:
            raise RetoneError("bad_request", "amount: every direction takes one amount, or as many as the others.")

    def all_results(self) -> tuple[str, ...]:
        return _numbered(max((len(push.amounts) for push in self.pushes), default=1))

    @property
    def amounts(self) -> tuple[tuple[float, ...], ...]:
        """For each result, the amount of each push."""
        total = len(self.all_results())
        return tuple(zip(*(push.amounts * (total // len(push.amounts)) for push in self.pushes), strict=True))


def check_range(strength: float, strength_end: float) -> None:
    """Raises RetoneError(bad_request) where directions would act nowhere."""
    if strength_end >= strength:
        why = f"it takes a number below strength, which is {strength:g}: directions act from strength down to it"
        raise RetoneError("bad_request", f"strength_end is {strength_end:g}; {why}.")


KINDS: Mapping[str, type[ClipRequest]] = {kind.kind: kind for kind in (EditRequest, DirectionsRequest, SteerRequest)}


def request_of(values: Mapping[str, Any]) -> ClipRequest:
    """The request that ``values()`` came from; without a kind it is an edit. Raises TypeError on unknown fields."""
    plain = dict(values)
    kind = KINDS[plain.pop("kind", "edit")]
    if "pushes" in plain:
        plain["pushes"] = tuple(Push(push["direction"], tuple(push["amounts"])) for push in plain["pushes"])
    return kind(**plain)


def is_path(model: str) -> bool:
    """Whether ``model`` says where a folder lies. All else is a name, whatever lies where somebody stands."""
    return model.startswith("~") or "/" in model or os.sep in model


def pairs(arguments: Sequence[object], kind: Asked) -> dict[str, object]:
    """``name value name value ...`` as a mapping of what a request of ``kind`` takes.

    Raises RetoneError(bad_request) on a missing value, an unknown name or one given twice.
    """
    found: dict[str, object] = {}
    for name, value in _two_by_two(arguments):
        key = parameter_named(name, kind).name
        if key in found:
            raise RetoneError("bad_request", f"{key} is given twice.")
        found[key] = value
    return found


def steering(arguments: Sequence[object]) -> tuple[tuple[Push, ...], list[object]]:
    """Every ``direction K amount A`` among pairs of names and values, and the pairs that are left.

    Raises RetoneError(bad_request) where one of the two lacks the other.
    """
    pushes: list[Push] = []
    rest: list[object] = []
    direction: int | None = None
    for name, value in _two_by_two(arguments):
        if direction is not None and name != "amount":
            raise RetoneError("bad_request", f"direction {direction} has no amount; write direction K amount A.")
        if name == "direction":
            direction = BY_NAME["direction"].coerce(value)
        elif name == "amount":
            if direction is None:
                raise RetoneError("bad_request", "amount has no direction before it; write direction K amount A.")
            pushes.append(Push(direction, amounts_of(value)))
            direction = None
        else:
            rest += [name, value]
    if direction is not None:
        raise RetoneError("bad_request", f"direction {direction} has no amount; write direction K amount A.")
    return tuple(pushes), rest


def amounts_of(value: object) -> tuple[float, ...]:
    """One amount, or several as text with commas; raises RetoneError(bad_request)."""
    each = value.split(",") if isinstance(value, str) else [value]
    if len(each) > AMOUNTS_LIMIT:
        raise RetoneError(
            "bad_request", f"amount: {len(each)} came; one direction takes at most {AMOUNTS_LIMIT} amounts."
        )
    return tuple(BY_NAME["amount"].coerce(one) for one in each)


def _two_by_two(arguments: Sequence[object]) -> list[tuple[object, object]]:
    if len(arguments) % 2:
        last = str(arguments[-1])[:60]
        raise RetoneError("bad_request", f"{last!r} has no value; settings are pairs of name and value.")
    return list(zip(arguments[::2], arguments[1::2], strict=True))


def _numbered(total: int) -> tuple[str, ...]:
    return ("",) if total == 1 else tuple(str(k) for k in range(1, total + 1))
