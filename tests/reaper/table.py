"""The table of the calls that the scripts make: `python -m reaper.table PATH`, run in tests/, makes api.json anew.

PATH is a table of all of REAPER's calls: {"functions": {"reaper.NAME": {"args", "returns", "min_args", "max_args",
"sdk_since", "in_v7_08_help"}}}. A row of ours says the same of one call, and since which version it is surely there.
"""

import json
import re
import sys
from pathlib import Path

TABLE = Path(__file__).with_name("api.json")
SCRIPTS = Path(__file__).parents[2] / "reaper_scripts"
NOTE = (
    "REAPER's calls that the scripts make, and a row says what each takes and gives. Types are those of REAPER's own "
    "help for 7.60 and of its SDK headers for 7.78. since: 6.0 where the SDK of 6.19 has the call already, 7.8 where "
    "the help of 7.08 was the first to be looked at that names it, else the version of the SDK that was first to have "
    "it. Calls of 6.0 are in REAPER 6 and 7; the scripts do without the others where they are not."
)
# Lua's own ones stand in no SDK header; these are as old as its Lua.
EVER = {"defer", "atexit", "new_array", "get_action_context"}
EXTENSION = re.compile(r"^reaper\.(ImGui|BR|SNM|CF|JS|NF|FNG|XEN|ReaPack)_")


def used(folder=SCRIPTS):
    """The calls that the scripts name, extensions' ones too, as reaper.NAME, gfx.NAME and {reaper.array}.NAME."""
    text = "\n".join(code(path.read_text("utf-8")) for path in sorted(folder.rglob("*.lua")))
    names = {f"{space}.{name}" for space, name in re.findall(r"(?<![\w.])(reaper|gfx)\.(\w+)", text)}
    names -= {f"gfx.{field}" for field in fields()}
    methods = "clear|convolve|copy|fft|fft_real|get_alloc|ifft|ifft_real|multiply|resize|table"
    arrays = set(re.findall(r"(\w+)\s*=\s*reaper\.new_array", text))
    called = re.findall(rf"\b(\w+)\.({methods})\(", text)
    return names | {f"{{reaper.array}}.{method}" for array, method in called if array in arrays}


def code(text):
    """Lua without its comments; names in texts stay, as APIExists takes them."""
    return re.sub(r"--\[\[.*?\]\]|--[^\n]*", "", text, flags=re.DOTALL)


def fields():
    """gfx's variables, which are no calls."""
    return {*"xywhrgba", "a2", "mode", "dest", "clear", "texth", "ext_retina", "mouse_cap"} | {
        f"mouse_{what}" for what in ("x", "y", "wheel", "hwheel")
    }


def row(name, full):
    def values(given):
        kept = ("name", "type", "optional")
        return None if given is None else [{key: one[key] for key in kept if one.get(key)} for one in given]

    sizes = {"min_args": full["min_args"], "max_args": full["max_args"]}
    return {"since": since(name, full), "args": values(full["args"]), **sizes, "returns": values(full["returns"])}


def since(name, full):
    first = full.get("sdk_since") or ""
    if first.startswith("<=") or not name.startswith("reaper.") or name.removeprefix("reaper.") in EVER:
        return "6.0"
    return "7.8" if full.get("in_v7_08_help") else first.split("/")[0]


def made(path, names):
    functions = json.loads(Path(path).read_text("utf-8"))["functions"]
    return {"note": NOTE, "calls": {name: row(name, functions[name]) for name in sorted(names) if name in functions}}


def written(table):
    """A line a call, so that a change of one shows as one."""
    rows = ",\n".join(f"    {json.dumps(name)}: {json.dumps(row)}" for name, row in table["calls"].items())
    return f'{{\n  "note": {json.dumps(table["note"])},\n  "calls": {{\n{rows}\n  }}\n}}\n'


def load():
    return json.loads(TABLE.read_text("utf-8"))["calls"]


if __name__ == "__main__":
    TABLE.write_text(written(made(sys.argv[1], used())), "utf-8")
