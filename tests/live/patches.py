"""Small devices for tests of the fake: a [js] with this code, and the boxes and cords that a test asks for."""

import json

from amxd import File, freeze


def box(name, text, x=0.0, **more):
    """An object box; ``x`` says where it lies, as Max sends to what lies furthest right first."""
    made = {"id": name, "maxclass": "newobj", "text": text, "numinlets": 1, "numoutlets": 9}
    return made | {"patching_rect": [x, 0.0, 60.0, 20.0]} | more


def cord(start, end, outlet=0):
    return {"patchline": {"source": [start, outlet], "destination": [end, 0]}}


def device(path, code, *boxes, cords=(), **files):
    """Writes a frozen .amxd with a [js] called "js", a [live.thisdevice] that bangs it, and these boxes; its path."""
    own = [box("js", "js script.js"), box("ready", "live.thisdevice"), *boxes]
    lines = [cord("ready", "js"), *cords]
    patch = {"patcher": {"boxes": [{"box": one} for one in own], "lines": lines}}
    scripts = {"script.js": code, **{f"{name}.js": text for name, text in files.items()}}
    held = [File(name, text.encode()) for name, text in scripts.items()]
    path.write_bytes(freeze(File("Test.amxd", json.dumps(patch).encode()), held))
    return path
