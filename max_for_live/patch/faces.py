"""The boxes of the device's face that are no parameters: texts, lines, the picture, the lamp and the bar."""

from patch.boxes import Patch
from patch.controls import DIRECTIONS
from patch.layout import face

FONT = "Ableton Sans Medium"
LEFT, MIDDLE = 0, 1
HELP = (
    "Select an audio clip, describe its new sound, press Edit. "
    "The service must run: retone serve. "
    "Live 11.3.25 and later 11.3, 12.0.5 and later 12 get the result on a track; "
    "older ones are shown its file."
)

# What boxes show before the script has spoken. Seen for long only where it did not start.
TEXTS = {
    "engine": ("", LEFT, 9.5),
    "edit_clip": ("Select an audio clip", LEFT, 11.0),
    "directions_clip": ("", MIDDLE, 8.0),
    "time": ("", LEFT, 9.5),
    "status": ("Starting", LEFT, 9.5),
    **{f"directions_label_{k}": ("", MIDDLE, 8.0) for k in range(1, DIRECTIONS + 1)},
    "edit_seed_label": ("Seed", LEFT, 9.5),
    "edit_variations_label": ("Variations", LEFT, 9.5),
    "directions_count_label": ("Count", LEFT, 9.5),
    "setup_model_label": ("Model", LEFT, 9.5),
    "setup_service_port_label": ("Service Port", LEFT, 9.5),
    "setup_help": (HELP, LEFT, 9.5),
}
# What the script says goes to these boxes, by the word that it begins with.
HEARD = {
    "status": ["status"],
    "clip": ["edit_clip", "directions_clip"],
    "engine": ["engine"],
    "time": ["time"],
    "lamp": ["lamp"],
    "bar": ["bar"],
    **{f"direction{k}": [f"directions_label_{k}"] for k in range(1, DIRECTIONS + 1)},
}


def add_face(patch: Patch) -> None:
    """Adds them all; their ids are their scripting names."""
    for name, (text, side, size) in TEXTS.items():
        patch.widget(
            name, "live.comment", text=text, textjustification=side, fontsize=size, fontname=FONT, **face(name)
        )
    for name in ("upper_line", "lower_line"):
        patch.widget(name, "live.line", justification=1, **face(name))
    for name in ("lamp", "bar"):
        patch.widget(
            name, "jsui", filename=f"retone-{name}.js", border=0, ignoreclick=1, parameter_enable=0, **face(name)
        )
    patch.widget("logo", "fpic", pic="retone-logo.svg", ignoreclick=1, **face("logo"))
