"""The device's patch as plain data: what Max loads, made of the parts beside this file."""

from collections.abc import Sequence
from typing import Any

from patch.banks import parameters
from patch.boxes import Patch
from patch.faces import add_face
from patch.layout import HEIGHT, WIDTH, spread
from patch.widgets import add_controls
from patch.wiring import wire

AUDIO_EFFECT = 0x61616161  # 'aaaa', as the container says it, too
CREATED = 3_590_052_493  # seconds since 1904
KINDS = {".js": "TEXT", ".svg": "svg"}
# Live 11.3 brings Max 8.5; Live 12 reads its files, and not the other way round.
VERSION = {"major": 8, "minor": 5, "revision": 5, "architecture": "x64", "modernui": 1}


def patcher(script: str, files: Sequence[str]) -> dict[str, Any]:
    """The whole patch; ``script`` is the file that [js] loads, ``files`` are the names of all that it holds."""
    patch = Patch()
    add_face(patch)
    ids = add_controls(patch)
    wire(patch, script)
    width, height = spread(patch)
    return {
        "patcher": {
            "fileversion": 1,
            "appversion": VERSION,
            "classnamespace": "box",
            "rect": [80.0, 80.0, width, height],
            "openrect": [0.0, 0.0, float(WIDTH), float(HEIGHT)],
            "bglocked": 0,
            "openinpresentation": 1,
            "default_fontsize": 10.0,
            "default_fontface": 0,
            "default_fontname": "Arial",
            "gridonopen": 1,
            "gridsize": [8.0, 8.0],
            "gridsnaponopen": 1,
            "toolbarvisible": 1,
            "boxanimatetime": 200,
            "enablehscroll": 1,
            "enablevscroll": 1,
            "devicewidth": float(WIDTH),
            "description": "Edits the selected audio clip by a text prompt, on your own machine.",
            "digest": "Edit a clip with words",
            "tags": "",
            "style": "",
            "boxes": [{"box": box} for box in patch.boxes.values()],
            "lines": patch.lines,
            "parameters": parameters(ids),
            "dependency_cache": [
                {
                    "name": name,
                    "bootpath": ".",
                    "patcherrelativepath": ".",
                    "type": KINDS[name[name.rfind(".") :]],
                    "implicit": 1,
                }
                for name in files
            ],
            "latency": 0,
            "is_mpe": 0,
            "minimum_live_version": "",
            "minimum_max_version": "",
            "platform_compatibility": 0,
            "project": _project(),
            "autosave": 0,
        }
    }


def _project() -> dict[str, Any]:
    """Without this block Max takes the device for a project without a name, and refuses it."""
    return {
        "version": 1,
        "creationdate": CREATED,
        "modificationdate": CREATED,
        "viewrect": [0.0, 0.0, 300.0, 500.0],
        "autoorganize": 1,
        "hideprojectwindow": 1,
        "showdependencies": 1,
        "autolocalize": 0,
        "contents": {"patchers": {}},
        "layout": {},
        "searchpath": {},
        "detailsvisible": 0,
        "amxdtype": AUDIO_EFFECT,
        "readonly": 0,
        "devpathtype": 0,
        "devpath": ".",
        "sortmode": 0,
        "viewmode": 0,
    }
