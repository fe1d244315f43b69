"""The pages that Push shows: eight parameters each."""

from typing import Any

from patch.controls import CONTROLS, DIRECTIONS

PLACES = 8
BANKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Edit",
        ("Strength", "Guidance", "Seed", "Variations", "New Seed", "Edit", "Cancel", "Mute Source"),
    ),
    ("Directions", (*(f"Direction {number}" for number in range(1, DIRECTIONS + 1)), "Find", "Steer")),
    ("Search", ("Count", "Noise Level", "Show File")),
)


def parameters(ids: dict[str, str]) -> dict[str, Any]:
    """The patch's list of parameters and banks; ``ids`` gives each parameter's box by its name."""
    listed: dict[str, Any] = {
        ids[control.name]: [control.name, control.short or control.name, order]
        for order, control in enumerate(CONTROLS)
    }
    listed["parameterbanks"] = {
        str(index): {"index": index, "name": name, "parameters": [*names, *("-",) * (PLACES - len(names))]}
        for index, (name, names) in enumerate(BANKS)
    }
    listed["inherited_shortname"] = 1
    return listed
