"""The table of the object model that the device uses: `python -m live.table PATH`, run in tests/, makes lom.json anew.

PATH is a table of Live's whole object model: {"classes": {CLASS: {"properties", "children", "functions",
"python_only"}}}, each name with its access, type, signature and the builds that have it. A row of ours says the same of
one name of one class, for the builds that the tests play.
"""

import json
import re
import sys
from pathlib import Path

TABLE = Path(__file__).with_name("lom.json")
DEVICE = Path(__file__).parents[2] / "max_for_live" / "device"
BUILDS = ["11.2.11", "11.3.20", "11.3.25", "11.3.43", "12.0.0", "12.0.5", "12.1.0", "12.2.0", "12.3.0", "12.3.6"]
CLASSES = ["Application", "Song", "Song.View", "Track", "ClipSlot", "Clip", "Scene", "MixerDevice", "DeviceParameter"]
NOTE = (
    "The names of Live's object model that the device uses, and a row says what each is: type and access as Cycling "
    "74's pages of 2022 have them (access_12_3 where the page of 12.3 reads otherwise), the builds of those that the "
    "tests play in which it is there. A name is taken to be in a build when the Python side of it has it, and to be "
    "refused to Max in all when Max refused it in one that had it."
)
# Builds in which it was looked at what Max lets through, by the names they have there.
LOOKED_AT = {"11.2.11": "11.2.11", "12.0.0": "12.0.x (2024-04)"}


def texts(folder=DEVICE):
    """The texts that stand in the sources."""
    sources = "\n".join(code(path.read_text("utf-8")) for path in sorted(folder.glob("*.js")))
    return set(re.findall(r'"((?:[^"\\\n]|\\.)*)"', sources))


def named(folder=DEVICE):
    """What the sources name in texts that are a single word; among them are the names of the object model."""
    return {one for one in texts(folder) if re.fullmatch(r"[a-z]\w*", one)}


def steps(classes, folder=DEVICE):
    """What paths such as "live_set view" step through, as CLASS.NAME."""
    found = set()
    for path in texts(folder):
        root, *words = path.split() or [""]
        kind = {"live_set": "Song", "live_app": "Application"}.get(root)
        for word in words if kind else []:
            if not word.isdigit():
                found.add(f"{kind}.{word}")
                kind = classes[kind]["children"][word]["type"].removeprefix("list of ")
    return found


def code(text):
    """JavaScript without its comments; a // within a text stays."""
    found = r'("(?:[^"\\\n]|\\.)*")|//[^\n]*|/\*.*?\*/'
    return re.sub(found, lambda match: match[1] or " ", text, flags=re.DOTALL)


def number(build):
    return tuple(map(int, build.split(".")))


def builds(full):
    """The builds that have a name; one that no introspection saw is taken to be as old as its page."""
    if full.get("source") == "cycling74 2022 page only" or "py_builds" not in full:
        seen = [full["since"]] if "since" in full else ["11.0.0"]
        there = [build for build in BUILDS if number(build) >= number(seen[0])]
    else:
        there = []
        for build in BUILDS:
            # The nearest build below that was introspected, whose name stands for this one.
            known = [one for one in _INTROSPECTED if number(one) <= number(build)]
            if known[-1] in full["py_builds"]:
                there.append(build)
    shown = full.get("max_exposed", {})
    refused = [build for build, name in LOOKED_AT.items() if build in there and shown.get(name) is False]
    return [] if refused else there


_INTROSPECTED = ["11.0.0", "11.1.0", "11.2.0", "11.3.2", "11.3.10", "11.3.20", "11.3.25", "11.3.43", "12.0.0"]
_INTROSPECTED += ["12.0.5", "12.1.0", "12.2.0", "12.3.0", "12.3.6"]


def arguments(signature):
    """["index: int", "name: str?"] of "index: int | None, name: str='x'"."""
    found = []
    for one in filter(None, signature.split(",")):
        name, kind, default = re.fullmatch(r"\s*(\w+):\s*([\w\[\].]+)(?:\s*\|\s*None)?(=.*)?\s*", one).groups()
        found.append(f"{name}: {kind}{'?' if default else ''}")
    return found


def row(kind, full):
    if kind == "function":
        signature = full.get("py_signature") or ""
        return {"kind": kind, "arguments": arguments(signature), "builds": builds(full)}
    access = full.get("access", ["get"])
    made = {"kind": kind, "type": full.get("type", "object"), "access": access}
    if full.get("access_12_3_page", access) != access:
        made["access_12_3"] = full["access_12_3_page"]
    return made | {"builds": builds(full)}


def rows(classes, words, stepped=()):
    """The rows of these names in all our classes, and of those that paths step through, by CLASS.NAME."""
    made = {}
    for name in CLASSES:
        parts = classes[name]
        for kind, part in [("property", "properties"), ("child", "children"), ("function", "functions")]:
            for one, full in parts[part].items():
                if one in words or f"{name}.{one}" in stepped:
                    made[f"{name}.{one}"] = row(kind, full)
        parent = parts["python_only"].get("canonical_parent")
        if parent and "canonical_parent" in words:
            made[f"{name}.canonical_parent"] = row("child", parent)
    return {name: one for name, one in made.items() if one["builds"]}


def made(path, folder=DEVICE):
    classes = json.loads(Path(path).read_text("utf-8"))["classes"]
    return rows(classes, named(folder), steps(classes, folder))


def written(table):
    """A line a name, so that a change of one shows as one."""
    lines = ",\n".join(f"    {json.dumps(name)}: {json.dumps(one)}" for name, one in table.items())
    return f'{{\n  "note": {json.dumps(NOTE)},\n  "names": {{\n{lines}\n  }}\n}}\n'


def load():
    return json.loads(TABLE.read_text("utf-8"))["names"]


if __name__ == "__main__":
    TABLE.write_text(written(made(sys.argv[1])), "utf-8")
