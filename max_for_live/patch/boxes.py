"""Boxes and cords: what a patch is made of, before it is JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

Json = dict[str, Any]

# Inlets and types of the outlets, as Max saves them.
PORTS: Mapping[str, tuple[int, tuple[str, ...]]] = {
    "freebang": (1, ("bang",)),
    "fpic": (1, ("jit_matrix",)),
    "js": (1, ("", "", "", "")),
    "jsui": (1, ("",)),
    "live.comment": (1, ()),
    "live.dial": (1, ("", "float")),
    "live.line": (1, ()),
    "live.numbox": (1, ("", "float")),
    "live.tab": (1, ("", "", "float")),
    "live.text": (1, ("", "")),
    "live.thisdevice": (1, ("bang", "int", "int")),
    "message": (2, ("",)),
    "plugin~": (2, ("signal", "signal")),
    "plugout~": (2, ("signal", "signal")),
    "prepend": (1, ("",)),
    "textedit": (1, ("", "int", "", "")),
    "udpreceive": (1, ("",)),
    "udpsend": (1, ()),
}
_LETTERS = {"b": "bang", "i": "int", "f": "float"}


@dataclass
class Patch:
    """A patch that grows: boxes by id, and cords between them."""

    boxes: dict[str, Json] = field(default_factory=dict)
    lines: list[Json] = field(default_factory=list)

    def object(self, name: str, text: str, **attributes: Any) -> str:
        """An object box with ``text``, such as "prepend strength"; gives its id, ``name``."""
        return self._add(name, "newobj", text.split(), text=text, **attributes)

    def message(self, name: str, text: str) -> str:
        """A message box that sends ``text``."""
        return self._add(name, "message", ["message"], text=text)

    def widget(self, name: str, maxclass: str, **attributes: Any) -> str:
        """A box of its own class: a dial, a text, a picture."""
        return self._add(name, maxclass, [maxclass], **attributes)

    def cord(self, source: str, target: str, outlet: int = 0, inlet: int = 0) -> None:
        """A cord from an outlet to an inlet, both counted from 0. Raises ValueError where there is no such end."""
        if outlet >= self.boxes[source]["numoutlets"]:
            raise ValueError(f"{source} has no outlet {outlet}.")
        if inlet >= self.boxes[target]["numinlets"]:
            raise ValueError(f"{target} has no inlet {inlet}.")
        self.lines.append({"patchline": {"source": [source, outlet], "destination": [target, inlet]}})

    def chain(self, *names: str) -> None:
        """Cords from each box's first outlet to the next box's first inlet."""
        for source, target in pairwise(names):
            self.cord(source, target)

    def _add(self, name: str, maxclass: str, words: Sequence[str], **attributes: Any) -> str:
        if name in self.boxes:
            raise ValueError(f"There is a box {name} already.")
        inlets, outlets = _ports(words)
        box = {"id": name, "maxclass": maxclass, "numinlets": inlets, "numoutlets": len(outlets), **attributes}
        if outlets:
            box["outlettype"] = list(outlets)
        self.boxes[name] = box
        return name


def _ports(words: Sequence[str]) -> tuple[int, tuple[str, ...]]:
    match words[0]:
        case "t":
            return 1, tuple(_LETTERS[letter] for letter in words[1:])
        case "route":
            return len(words), ("",) * len(words)
        case name:
            return PORTS[name]
