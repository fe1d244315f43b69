"""Where everything stands: in the device's face, 169 pixels high, and in the patch behind it."""

from collections.abc import Mapping
from typing import Any

from patch.boxes import Patch
from patch.controls import DIRECTIONS

WIDTH, HEIGHT = 480, 169
Place = tuple[int, int, int, int]  # left, top, width, height

_KNOB, _FIRST_KNOB = 56, 74

# By scripting name; what begins with the name of a tab is shown with it, and all else always.
FACE: Mapping[str, Place] = {
    "logo": (8, 5, 16, 16),
    "tab": (30, 5, 186, 16),
    "lamp": (228, 7, 12, 12),
    "engine": (243, 5, 229, 16),
    "upper_line": (8, 23, 464, 5),
    "edit_clip": (8, 28, 464, 17),
    "edit_prompt": (8, 47, 296, 41),
    "edit_seed_label": (8, 93, 30, 15),
    "edit_seed": (40, 93, 56, 15),
    "edit_new_seed": (102, 93, 62, 15),
    "edit_variations_label": (314, 93, 58, 15),
    "edit_variations": (374, 93, 30, 15),
    "edit_strength": (312, 45, 46, 47),
    "edit_guidance_scale": (360, 45, 46, 47),
    "edit_edit": (414, 47, 58, 41),
    "directions_find": (8, 29, 60, 17),
    "directions_noise_level": (11, 48, 54, 44),
    "directions_count_label": (8, 93, 34, 15),
    "directions_count": (42, 93, 26, 15),
    **{f"directions_{k}": (_FIRST_KNOB + _KNOB * (k - 1), 29, _KNOB, 46) for k in range(1, DIRECTIONS + 1)},
    **{f"directions_label_{k}": (_FIRST_KNOB + _KNOB * (k - 1), 76, _KNOB, 34) for k in range(1, DIRECTIONS + 1)},
    "directions_steer": (414, 29, 58, 40),
    "directions_clip": (410, 73, 66, 36),
    "setup_model_label": (8, 32, 66, 15),
    "setup_model": (76, 30, 176, 18),
    "setup_service_port_label": (8, 55, 66, 15),
    "setup_service_port": (76, 55, 60, 15),
    "setup_mute_source": (76, 78, 82, 16),
    "setup_help": (272, 30, 200, 78),
    "lower_line": (8, 110, 464, 5),
    "bar": (8, 119, 268, 8),
    "time": (284, 115, 124, 16),
    "cancel": (414, 116, 58, 16),
    "status": (8, 133, 400, 32),
    "show_file": (414, 137, 58, 16),
}

_GAP, _ROOM = 12, 1400


def face(name: str) -> dict[str, Any]:
    """The attributes that put a box into the device's face; the tabs that are not shown at first are hidden."""
    later = name.startswith(("directions_", "setup_"))
    return {
        "presentation": 1,
        "presentation_rect": [float(side) for side in FACE[name]],
        "varname": name,
        **({"hidden": 1} if later else {}),
    }


def spread(patch: Patch) -> tuple[float, float]:
    """Gives each box its place in the patch, in rows and without overlaps; the size that they take, in pixels."""
    left, top, row = _GAP, _GAP, 0
    for box in patch.boxes.values():
        width, height = _size(box)
        if left + width > _ROOM:
            left, top, row = _GAP, top + row + _GAP, 0
        box["patching_rect"] = [float(left), float(top), float(width), float(height)]
        left, row = left + width + _GAP, max(row, height)
    return float(_ROOM + _GAP), float(top + row + _GAP)


def _size(box: dict[str, Any]) -> tuple[int, int]:
    if "presentation_rect" in box:
        return round(box["presentation_rect"][2]), round(box["presentation_rect"][3])
    return 24 + 7 * len(box.get("text", "")), 22
