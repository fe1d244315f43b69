"""Every setting of a request, once: its name, kind, unit, range, default and sentence.

The command line, the OSC protocol, the documents and the engine all read this table.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from retone_engine.errors import RetoneError

# Job ids, paths and prompts share a 2,048-byte packet with the rest of a request.
PROMPT_LIMIT = 500
SEGMENTS_LIMIT = 1000
SUBFOLDER_LIMIT = 200

Kind = Literal["text", "float", "int", "switch", "choice"]
Asked = Literal["edit", "directions", "steer"]
ALL: tuple[Asked, ...] = ("edit", "directions", "steer")
_EDIT: tuple[Asked, ...] = ("edit",)
_FIND: tuple[Asked, ...] = ("directions", "steer")


@dataclass(frozen=True)
class Parameter:
    """One setting of a request.

    ``default`` None is ``auto``: the model, the file or the service decides. ``unit`` is for people; frames are
    frames of the file. ``live``: a control surface may hold it (the file's own places are no settings). ``of``: the
    kinds of request that take it. ``limit``: the most characters of a text.
    """

    name: str
    kind: Kind
    sentence: str
    default: str | float | int | bool | None = None
    low: float | None = None
    high: float | None = None
    unit: str = ""
    choices: tuple[str, ...] = ()
    live: bool = True
    of: tuple[Asked, ...] = ALL
    limit: int = PROMPT_LIMIT

    @property
    def has_auto(self) -> bool:
        return self.default is None

    def coerce(self, value: object) -> Any:
        """``value`` as this parameter's type, from whatever type a sender uses.

        Raises RetoneError(bad_request) that names the parameter, what it takes and what came.
        """
        if isinstance(value, str) and self.has_auto and value.strip().lower() == "auto":
            return None
        if value is None and self.has_auto:
            return None
        match self.kind:
            case "text":
                return self._text(value)
            case "choice":
                return self._choice(value)
            case "switch":
                return self._switch(value)
            case "int":
                number = self._number(value)
                if number != int(number):
                    raise self._refuse(value)
                return int(number)
            case "float":
                return float(self._number(value))

    def takes(self) -> str:
        """What values are right, in words."""
        match self.kind:
            case "text":
                words = f"text of at most {self.limit} characters"
            case "choice":
                words = "one of " + ", ".join(self.choices)
            case "switch":
                words = "on or off"
            case _:
                whole = "a whole number" if self.kind == "int" else "a number"
                low, high = _plain(self.low), _plain(self.high)
                words = f"{whole} from {low} to {high}" if high else f"{whole} of at least {low}"
                words += f" ({self.unit})" if self.unit else ""
        return words + (", or auto" if self.has_auto else "")

    def _text(self, value: object) -> str:
        # A prompt typed as 808 leaves some programs as a number.
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self._refuse(value)
        text = str(value).strip()
        if len(text) > self.limit or "\0" in text:
            raise self._refuse(f"{len(text)} characters")
        return text

    def _choice(self, value: object) -> str:
        text = str(value).strip().lower()
        if text not in self.choices:
            raise self._refuse(value)
        return text

    def _switch(self, value: object) -> bool:
        words = {
            "on": True,
            "true": True,
            "yes": True,
            "1": True,
            "off": False,
            "false": False,
            "no": False,
            "0": False,
        }
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        answer = words.get(str(value).strip().lower())
        if answer is None:
            raise self._refuse(value)
        return answer

    def _number(self, value: object) -> float:
        try:
            number = float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            raise self._refuse(value) from None
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        if not math.isfinite(number) or not low <= number <= high:
            raise self._refuse(value)
        return number

    def _refuse(self, value: object) -> RetoneError:
        return RetoneError("bad_request", f"{self.name} is {str(value)[:60]!r}; it takes {self.takes()}.")


def _plain(number: float | None) -> str:
    return "" if number is None else f"{number:g}" if abs(number) < 1e6 else f"{int(number)}"


_SEED_LIMIT = 2**31 - 1  # what an OSC int can carry
_RESULTS_LIMIT = 32

PARAMETERS: tuple[Parameter, ...] = (
    Parameter("prompt", "text", "What the clip should sound like.", default="", of=_EDIT),
    Parameter(
        "segments",
        "text",
        "Prompts over time: 'START-END PROMPT [strength=S] [guidance_scale=G] | ...', in seconds of the file; "
        "an empty END is the region's. Where no segment is, the prompt holds, or the clip stays as it is.",
        default="",
        live=False,
        of=_EDIT,
        limit=SEGMENTS_LIMIT,
    ),
    Parameter("source_prompt", "text", "What the clip sounds like now; may stay empty.", default=""),
    Parameter("negative_prompt", "text", "What the edit should stay away from; may stay empty.", default="", of=_EDIT),
    Parameter("strength", "float", "How far the edit may leave the clip.", low=0, high=1),
    Parameter("guidance_scale", "float", "How hard the prompt pulls.", low=0, high=50, of=_EDIT),
    Parameter(
        "source_guidance_scale",
        "float",
        "How hard the source prompt pulls while the clip is inverted.",
        low=0,
        high=50,
    ),
    Parameter(
        "guidance_rescale",
        "float",
        "How much of guidance's gain in level is taken back.",
        low=0,
        high=1,
        of=_EDIT,
    ),
    Parameter(
        "steps",
        "int",
        "Noise levels on the whole path; an edit visits those below its strength.",
        low=2,
        high=1000,
    ),
    Parameter(
        "spacing",
        "choice",
        "Where the noise levels lie: evenly in the logarithm of the signal-to-noise ratio, or in time as published.",
        default="log_snr",
        choices=("log_snr", "published"),
    ),
    Parameter(
        "seed",
        "int",
        "Chooses the noise; the same seed gives the same edit.",
        default=0,
        low=0,
        high=_SEED_LIMIT,
    ),
    Parameter(
        "variations",
        "int",
        "How many edits to make in one batch, each with the next seed.",
        default=1,
        low=1,
        high=16,
        of=_EDIT,
    ),
    Parameter(
        "only",
        "int",
        "Make only the result of this number, with the samples it has among all of its batch; auto makes them all.",
        low=1,
        high=_RESULTS_LIMIT,
        live=False,
    ),
    Parameter("model", "text", "The model's name, or a folder that holds one."),
    Parameter(
        "method",
        "choice",
        "The editing method.",
        default="ddpm_inversion",
        choices=("ddpm_inversion", "sdedit", "ddim_inversion", "flowedit"),
        of=_EDIT,
    ),
    Parameter("count", "int", "How many directions are looked for.", default=3, low=1, high=16, of=_FIND),
    Parameter(
        "noise_level",
        "float",
        "Where directions are looked for: the noise where an edit of this strength starts; more noise, larger parts.",
        low=0.05,
        high=1,
        of=_FIND,
    ),
    Parameter(
        "strength_end",
        "float",
        "Directions act from the noise of strength down to the noise of this.",
        low=0,
        high=1,
        of=_FIND,
    ),
    Parameter(
        "each_step",
        "switch",
        "Find the directions anew at each step between strength and strength_end, instead of once at noise_level.",
        default=False,
        of=_FIND,
    ),
    Parameter("direction", "int", "A direction's number, from 1.", default=1, low=1, high=16, of=("steer",)),
    Parameter(
        "amount",
        "float",
        "How far to go along the direction; 1 is three standard deviations. Several, by commas, give several results.",
        default=0.0,
        low=-1,
        high=1,
        of=("steer",),
    ),
    Parameter(
        "region_start",
        "int",
        "First frame of the region.",
        default=0,
        low=0,
        unit="frames of the file",
        live=False,
    ),
    Parameter(
        "region_frames",
        "int",
        "Length of the region; auto is to the end.",
        low=1,
        unit="frames of the file",
        live=False,
    ),
    Parameter(
        "mask_start",
        "int",
        "First frame of the mask; auto is the region's.",
        low=0,
        unit="frames of the file",
        live=False,
    ),
    Parameter(
        "mask_frames",
        "int",
        "Length of the mask; auto is to the region's end.",
        low=1,
        unit="frames of the file",
        live=False,
    ),
    Parameter(
        "restore",
        "switch",
        "Give back what the model's autoencoder lost where the edit left the clip alone.",
        default=True,
    ),
    Parameter(
        "stereo",
        "choice",
        "How a mono model edits several channels: the mid with the image restored, each channel, or one for all.",
        default=None,
        choices=("mid", "each", "mono"),
    ),
    Parameter("highs", "switch", "Give back the band above the model's, shaped after the edit.", default=True),
    Parameter(
        "match_loudness",
        "switch",
        "Make the result as loud as the clip; auto does for edits, and lets directions change the level.",
    ),
    Parameter("crossfade", "switch", "Fade the first and last 5 ms from and to the clip.", default=True),
    Parameter("precision", "choice", "Of the network's products.", default=None, choices=("float32", "bfloat16")),
    Parameter("block", "int", "Rows of one network call while the clip is inverted.", low=1, high=256),
    Parameter("output_folder", "text", "An existing folder for the result.", default="", live=False),
    Parameter(
        "output_subfolder",
        "text",
        "A folder below output_folder, such as Samples/Processed/Retone; what is missing of it is made.",
        default="",
        live=False,
        limit=SUBFOLDER_LIMIT,
    ),
)

# A steer takes these two together, as often as there are directions.
_PAIRED = ("direction", "amount")

BY_NAME: Mapping[str, Parameter] = {parameter.name: parameter for parameter in PARAMETERS}


def taken_by(kind: Asked) -> tuple[Parameter, ...]:
    """The settings that requests of ``kind`` take, each by itself."""
    return tuple(p for p in PARAMETERS if kind in p.of and p.name not in _PAIRED)


def parameter_named(name: object, kind: Asked | None = None) -> Parameter:
    """The parameter called ``name``, among those ``taken_by(kind)`` where a kind is given.

    Raises RetoneError(bad_request) that lists the names there are.
    """
    known = PARAMETERS if kind is None else taken_by(kind)
    found = next((parameter for parameter in known if parameter.name == name), None)
    if found is None:
        of = f" of {kind}" if kind else ""
        names = ", ".join(parameter.name for parameter in known)
        raise RetoneError("bad_request", f"There is no parameter {str(name)[:60]!r}{of}; there are {names}.")
    return found
