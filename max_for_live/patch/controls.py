"""The musician's parameters: names, ranges and sentences, which are the engine's wherever it has the name.

A parameter of type int holds at most 256 values in Live, so larger whole numbers are floats that are shown as ints.
Dials with an auto place are lists: the first is auto, and what the script receives is the place in the list.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from retone_engine.parameters import BY_NAME

FLOAT, INT, ENUM, BLOB = range(4)
AS_INT, AS_FLOAT, AS_CUSTOM, AS_NATIVE = 0, 1, 9, 10
AUTOMATED, STORED = 0, 1
DIRECTIONS = 6
MOST_INTS = 256  # values of a parameter of type int


@dataclass(frozen=True)
class Control:
    """One parameter: ``name`` is unique, ``short`` is what the widget shows, ``word`` what the script receives.

    ``choices`` are the places of a list; else ``low`` to ``high``. ``initial`` is a number, a place or a text.
    ``looks`` are attributes of the widget.
    """

    word: str
    name: str
    maxclass: str
    kind: int
    sentence: str
    initial: Any = 0
    short: str = ""
    low: float = 0.0
    high: float = 1.0
    choices: tuple[str, ...] = ()
    shown_as: int = AS_CUSTOM
    visibility: int = AUTOMATED
    looks: tuple[tuple[str, Any], ...] = ()

    def attributes(self, order: int) -> dict[str, Any]:
        """What Max saves of it in ``saved_attribute_attributes.valueof``."""
        saved: dict[str, Any] = {
            "parameter_annotation_name": self.name,
            # Automation comes by another thread: without this, an Edit could overtake the prompt before it.
            "parameter_defer": 1,
            "parameter_info": self.sentence,
            "parameter_invisible": self.visibility,
            "parameter_linknames": 0,
            "parameter_longname": self.name,
            "parameter_modmode": 0,
            "parameter_order": order,
            "parameter_shortname": self.short or self.name,
            "parameter_type": self.kind,
            "parameter_unitstyle": self.shown_as,
        }
        if self.kind == ENUM:
            last = len(self.choices) - 1
            saved |= {"parameter_enum": list(self.choices), "parameter_mmin": 0.0, "parameter_mmax": last}
        elif self.kind != BLOB:
            saved |= {"parameter_mmin": self.low, "parameter_mmax": self.high}
        # An empty text needs none: as an initial value Max would show it as a pair of quotes.
        if not self.is_button and self.initial != "":
            saved |= {"parameter_initial": [self.initial], "parameter_initial_enable": 1}
        return saved

    @property
    def is_button(self) -> bool:
        """True where it is pressed, and holds nothing."""
        return ("mode", 0) in self.looks


def _whole(word: str, name: str, low: int, high: int) -> Control:
    """A whole number as far as the device goes with it, which must not be further than the engine."""
    known = BY_NAME[word]
    if known.low is None or known.high is None or low < known.low or high > known.high:
        raise ValueError(f"{word} goes from {known.low} to {known.high}, and not from {low} to {high}.")
    kind = INT if high - low < MOST_INTS else FLOAT
    return Control(
        word,
        name,
        "live.numbox",
        kind,
        known.sentence,
        known.default,
        low=float(low),
        high=float(high),
        shown_as=AS_INT,
    )


def _dial(word: str, name: str, choices: Sequence[str]) -> Control:
    sentence = f"{BY_NAME[word].sentence} At auto, the model's own value."
    return Control(word, name, "live.dial", ENUM, sentence, choices=("auto", *choices))


def _button(word: str, name: str, sentence: str, size: float = 9.5) -> Control:
    looks = (("mode", 0), ("fontsize", size))
    return Control(word, name, "live.text", ENUM, sentence, choices=("off", name), looks=looks)


def _text(word: str, name: str, initial: str, sentence: str, lines: int) -> Control:
    looks = (("keymode", 1), ("outputmode", 1), ("nosymquotes", 1), ("tabmode", 0), ("wordwrap", 1), ("lines", lines))
    return Control(word, name, "textedit", BLOB, sentence, initial, shown_as=AS_NATIVE, visibility=STORED, looks=looks)


def _percent(low: int) -> list[str]:
    return [f"{percent} %" for percent in range(low, 101)]


def _direction(number: int) -> Control:
    return Control(
        f"amount {number}",
        f"Direction {number}",
        "live.dial",
        FLOAT,
        f"How far Steer goes along direction {number}; 1 is three standard deviations.",
        0.0,
        f"Dir {number}",
        -1.0,
        1.0,
        shown_as=AS_FLOAT,
    )


CONTROLS: tuple[Control, ...] = (
    Control(
        "tab",
        "Tab",
        "live.tab",
        ENUM,
        "What the device shows.",
        choices=("Edit", "Directions", "Setup"),
        visibility=STORED,
        looks=(("num_lines_patching", 1), ("num_lines_presentation", 1)),
    ),
    _text("prompt", "Prompt", "", BY_NAME["prompt"].sentence + " Saved with the set.", 3),
    _dial("strength", "Strength", _percent(0)),
    _dial("guidance_scale", "Guidance", [f"{half / 2:g}" for half in range(101)]),
    _whole("seed", "Seed", 0, 99999),
    _button("new_seed", "New Seed", "Takes another seed, for another edit of the same clip and prompt."),
    _whole("variations", "Variations", 1, 16),
    _button("edit", "Edit", "Edits the clip by the prompt and lays the result on a track beside it.", 12.0),
    _button("cancel", "Cancel", "Cancels what this device has asked for."),
    _button("find", "Find", "Looks for directions in the clip: ways in which it could sound otherwise."),
    _whole("count", "Count", 1, DIRECTIONS),
    _dial("noise_level", "Noise Level", _percent(5)),
    *(_direction(number) for number in range(1, DIRECTIONS + 1)),
    _button("steer", "Steer", "Takes the clip along the directions whose knobs are not at 0.", 12.0),
    _text("model", "Model", "auto", BY_NAME["model"].sentence + " auto is the service's own choice.", 1),
    Control(
        "service_port",
        "Service Port",
        "live.numbox",
        FLOAT,
        "The port that the service listens on.",
        9130,
        low=1024.0,
        high=65535.0,
        shown_as=AS_INT,
        visibility=STORED,
    ),
    Control(
        "mute_source",
        "Mute Source",
        "live.text",
        ENUM,
        "Mutes the source clip's track when a result lands.",
        choices=("off", "on"),
        looks=(("mode", 1), ("fontsize", 9.5)),
    ),
    _button("show_file", "Show File", "Opens the folder of the last result."),
)
