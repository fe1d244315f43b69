"""What can be asked of Retone: every parameter and every error, once.

The command line, the OSC protocol, the documents and the engine all read this table. No torch here: the bridge
imports this one file of the engine.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

# Job ids, paths and prompts share a 2,048-byte packet with the rest of a request.
PROMPT_LIMIT = 500

CODES = {
    "bad_request": "The message itself is wrong: a name, a type, a range.",
    "id_reused": "A job of this id was asked for with other contents.",
    "unknown_job": "No job of this id is known.",
    "no_such_file": "The clip is not there.",
    "not_a_file": "The path is a folder, a device or another thing that is no regular file.",
    "unreadable_audio": "The file holds no audio that can be read.",
    "empty_audio": "The file or the region holds no frames.",
    "bad_samples": "The audio holds samples that are no numbers (NaN or infinite).",
    "bad_region": "The region lies outside the file.",
    "bad_mask": "The mask lies outside the region.",
    "outside_roots": "The path lies outside the folders the service may use.",
    "no_such_folder": "The output folder is not there.",
    "output_exists": "The output is there already, and nothing is overwritten unasked.",
    "cannot_write": "The output cannot be written.",
    "disk_full": "The disk is full.",
    "unknown_model": "No model of this name is here.",
    "bad_model": "The model's files are damaged or not of a kind that Retone loads.",
    "unsupported": "The model or method cannot do this.",
    "out_of_memory": "The device has too little memory.",
    "device_error": "The device failed, or is not there.",
    "worker_crashed": "The engine process died during this job.",
    "cancelled": "The job was cancelled.",
    "busy": "Too many jobs are waiting.",
    "not_running": "No service answers.",
    "port_in_use": "Another program holds the port.",
    "internal": "A fault of Retone's own.",
}


class RetoneError(Exception):
    """A failure that the asker can understand: ``code`` is one of ``CODES``, ``message`` says what to do."""

    def __init__(self, code: str, message: str) -> None:
        if code not in CODES:
            raise ValueError(f"{code!r} is not an error code")
        super().__init__(message)
        self.code = code
        self.message = message

    def __reduce__(self) -> tuple[type[RetoneError], tuple[str, str]]:
        return type(self), (self.code, self.message)


WARNINGS = {
    "unknown_words": "The prompt holds no word that the model knows.",
    "level": "The loudness could not be matched, as the peak limit wins.",
    "mono": "The clip's stereo image could not be kept.",
    "device": "A slower device than asked for is in use.",
}

Kind = Literal["text", "float", "int", "switch", "choice"]


@dataclass(frozen=True)
class Parameter:
    """One setting of a request.

    ``default`` None is ``auto``: the model, the file or the service decides. ``unit`` is for people; frames are
    frames of the file. ``live``: a control surface may hold it (the file's own places are no settings).
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
                words = f"text of at most {PROMPT_LIMIT} characters"
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
        if len(text) > PROMPT_LIMIT or "\0" in text:
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

PARAMETERS: tuple[Parameter, ...] = (
    Parameter("prompt", "text", "What the clip should sound like.", default=""),
    Parameter("source_prompt", "text", "What the clip sounds like now; may stay empty.", default=""),
    Parameter("negative_prompt", "text", "What the edit should stay away from; may stay empty.", default=""),
    Parameter("strength", "float", "How far the edit may leave the clip.", low=0, high=1),
    Parameter("guidance_scale", "float", "How hard the prompt pulls.", low=0, high=50),
    Parameter(
        "source_guidance_scale",
        "float",
        "How hard the source prompt pulls while the clip is inverted.",
        low=0,
        high=50,
    ),
    Parameter("guidance_rescale", "float", "How much of guidance's gain in level is taken back.", low=0, high=1),
    Parameter(
        "steps",
        "int",
        "Noise levels on the whole path; an edit visits those below its strength.",
        low=2,
        high=1000,
    ),
    Parameter(
        "seed",
        "int",
        "Chooses the noise; the same seed gives the same edit.",
        default=0,
        low=0,
        high=_SEED_LIMIT,
    ),
    Parameter("variations", "int", "How many edits to make, each with the next seed.", default=1, low=1, high=16),
    Parameter("model", "text", "The model's name, or a folder that holds one.", live=True),
    Parameter(
        "method",
        "choice",
        "The editing method.",
        default="ddpm_inversion",
        choices=("ddpm_inversion", "sdedit", "ddim_inversion"),
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
    Parameter("match_loudness", "switch", "Make the edit as loud as the clip.", default=True),
    Parameter("crossfade", "switch", "Fade the first and last 5 ms from and to the clip.", default=True),
    Parameter("precision", "choice", "Of the network's products.", default=None, choices=("float32", "bfloat16")),
    Parameter("block", "int", "Rows of one network call while the clip is inverted.", low=1, high=256),
    Parameter("output_folder", "text", "An existing folder for the result.", default="", live=False),
)

BY_NAME: Mapping[str, Parameter] = {parameter.name: parameter for parameter in PARAMETERS}


@dataclass(frozen=True)
class EditRequest:
    """One edit of one clip. Each field but ``path`` is the parameter of the same name; None is auto."""

    path: str
    prompt: str = ""
    source_prompt: str = ""
    negative_prompt: str = ""
    strength: float | None = None
    guidance_scale: float | None = None
    source_guidance_scale: float | None = None
    guidance_rescale: float | None = None
    steps: int | None = None
    seed: int = 0
    variations: int = 1
    model: str | None = None
    method: str = "ddpm_inversion"
    region_start: int = 0
    region_frames: int | None = None
    mask_start: int | None = None
    mask_frames: int | None = None
    restore: bool = True
    stereo: str | None = None
    highs: bool = True
    match_loudness: bool = True
    crossfade: bool = True
    precision: str | None = None
    block: int | None = None
    output_folder: str = ""

    @staticmethod
    def of(path: str, values: Mapping[str, object]) -> EditRequest:
        """A checked request from loose ``values``; raises RetoneError(bad_request) that names the fault."""
        if not isinstance(path, str) or not path.strip() or "\0" in path:
            raise RetoneError("bad_request", "The path of the clip is empty; give the audio file to edit.")
        checked = {name: parameter_named(name).coerce(value) for name, value in values.items()}
        request = replace(EditRequest(path), **checked)
        if not request.prompt:
            raise RetoneError("bad_request", "The prompt is empty; say what the clip should sound like.")
        if request.mask_start is not None and request.mask_start < request.region_start:
            raise RetoneError("bad_mask", "The mask starts before the region; both count frames of the file.")
        return request

    def values(self) -> dict[str, Any]:
        """The fields, plain enough for JSON; ``EditRequest(**values)`` gives the request back."""
        return asdict(self)


def parameter_named(name: object) -> Parameter:
    """The parameter called ``name``; raises RetoneError(bad_request) that lists the names there are."""
    parameter = BY_NAME.get(name) if isinstance(name, str) else None
    if parameter is None:
        raise RetoneError("bad_request", f"There is no parameter {str(name)[:60]!r}; there are {', '.join(BY_NAME)}.")
    return parameter


def pairs(arguments: Sequence[object]) -> dict[str, object]:
    """``name value name value ...`` as a mapping.

    Raises RetoneError(bad_request) on a missing value or a name given twice.
    """
    if len(arguments) % 2:
        raise RetoneError(
            "bad_request", f"{str(arguments[-1])[:60]!r} has no value; settings are pairs of name and value."
        )
    found: dict[str, object] = {}
    for name, value in zip(arguments[::2], arguments[1::2], strict=True):
        key = parameter_named(name).name
        if key in found:
            raise RetoneError("bad_request", f"{key} is given twice.")
        found[key] = value
    return found
