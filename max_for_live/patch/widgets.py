"""The parameters' boxes in the device's face: dials, numbers, buttons, texts and the tab."""

from typing import Any

from patch.boxes import Patch
from patch.controls import BLOB, CONTROLS, Control
from patch.faces import FONT
from patch.layout import FACE, face

# A text field does not follow Live's theme by itself, as the live.* widgets do.
_THEMED = {
    "bgcolor": "themecolor.live_control_text_bg",
    "bordercolor": "themecolor.live_contrast_frame",
    "textcolor": "themecolor.live_control_fg",
}


def box_of(control: Control) -> str:
    """The scripting name of a parameter's box: its word, behind the tab that it is shown with."""
    word = control.word.replace("amount ", "")
    return next(name for name in FACE if name in (word, *(f"{tab}_{word}" for tab in ("edit", "directions", "setup"))))


def add_controls(patch: Patch) -> dict[str, str]:
    """Adds the parameters' boxes; gives each one's id by the parameter's name."""
    ids = {}
    for order, control in enumerate(CONTROLS):
        name = box_of(control)
        saved: dict[str, Any] = {"valueof": control.attributes(order)}
        looks: dict[str, Any] = {
            "annotation": control.sentence,
            "annotation_name": control.name,
            "parameter_enable": 1,
            "saved_attribute_attributes": saved,
            **dict(control.looks),
        }
        if control.maxclass == "live.text":
            looks |= {"text": control.name, "texton": control.name, "automation": "off", "automationon": "on"}
        if control.kind == BLOB:
            saved |= {attribute: {"expression": colour} for attribute, colour in _THEMED.items()}
            looks |= {"text": control.initial, "fontname": FONT, "fontsize": 10.0, "rounded": 2.0}
        patch.widget(name, control.maxclass, **looks, **face(name))
        ids[control.name] = name
    return ids
