"""One run's Lua: what of Python a script can reach, how values cross, and which calls are wrong.

Text crosses as str, with surrogates for bytes that are no UTF-8, so that packets and names pass unharmed. Pointers are
userdata that Lua cannot look into.
"""

from importlib import import_module
from pathlib import Path

PRELUDE = Path(__file__).with_name("fake_prelude.lua")
CLASSES = {"MediaTrack", "MediaItem", "MediaItem_Take", "ReaProject", "PCM_source", "AudioAccessor", "TrackEnvelope"}


class Wrong(Exception):
    """A script used a call in a way that it must not: a Lua error for the script, and a failure for the test."""


class Pointer:
    """What a script holds of a thing. It is equal to itself only and has nothing to look into."""

    __slots__ = ("thing",)

    def __init__(self, thing):
        self.thing = thing

    def __repr__(self):
        return f"userdata: {id(self):#018x}"


class Pointers:
    """The pointer of each thing, the same each time."""

    def __init__(self):
        self._known = {}

    def of(self, thing):
        return self._known.setdefault(id(thing), Pointer(thing))


def runtime(version):
    """A bare Lua of "5.3" or "5.4"."""
    module = import_module("lupa.lua" + version.replace(".", ""))
    return module.LuaRuntime(
        encoding=None,
        register_eval=False,
        register_builtins=False,
        unpack_returned_tuples=True,
        attribute_filter=_closed,
    )


def _closed(_thing, name, _setting):
    raise AttributeError(f"attempt to index a userdata value ({name!r})")


def text(data):
    return data.decode("utf-8", "surrogateescape")


def data(text):
    return text.encode("utf-8", "surrogateescape")


def checked(row, arguments):
    """A call's arguments as the fake takes them; raises ``Wrong`` where REAPER would not have them."""
    least, most = row["min_args"], row["max_args"]
    if len(arguments) < least or (most is not None and len(arguments) > most):
        wanted = str(least) if least == most else f"{least} to {most if most is not None else 'any number'}"
        raise Wrong(f"takes {wanted} arguments, not {len(arguments)}")
    if row["args"] is None:
        return [text(value) if isinstance(value, bytes) else value for value in arguments]
    wanted = row["args"]
    return [
        _argument(number, given, wanted[number - 1] if number <= len(wanted) else {"name": "?", "type": "any"})
        for number, given in enumerate(arguments, 1)
    ]


def _argument(number, given, wanted):
    kind = wanted["type"]
    where = f"argument {number} ({wanted['name']}): {kind} expected, got {_lua_type(given)}"
    if given is None and (wanted.get("optional") or wanted["name"].endswith("In") or kind in ("ReaProject", "any")):
        return None
    if kind in CLASSES or kind == "identifier":
        if kind == "ReaProject" and given == 0 and isinstance(given, int | float):
            return None
        if not isinstance(given, Pointer):
            raise Wrong(where)
        if kind != "identifier" and (given.thing.kind != kind or not given.thing.alive):
            state = "" if given.thing.alive else " that is gone"
            raise Wrong(f"argument {number} ({wanted['name']}): {kind} expected, got a {given.thing.kind}{state}")
        return given.thing
    if kind == "boolean" and not isinstance(given, bool):
        raise Wrong(where)
    if kind in ("integer", "number"):
        if isinstance(given, bool) or not isinstance(given, int | float):
            raise Wrong(where)
        if given != given or given in (float("inf"), float("-inf")):
            raise Wrong(f"argument {number} ({wanted['name']}): {given} is no number to work with")
        if kind == "integer":
            if given != int(given):
                raise Wrong(f"argument {number} ({wanted['name']}): number {given} has no integer representation")
            return int(given)
        return float(given)
    if kind == "string":
        if not isinstance(given, bytes):
            raise Wrong(where)
        if b"\0" in given:
            raise Wrong(f"argument {number} ({wanted['name']}): REAPER cuts text at its first zero byte: {given!r}")
        return text(given)
    return given


def _lua_type(value):
    names = {bytes: "string", bool: "boolean", int: "integer", float: "number", type(None): "nil", Pointer: "pointer"}
    return names.get(type(value), "table or function")


def returned(row, values, pointers):
    """A call's results as Lua gets them, of the very types that REAPER gives."""
    nothing = values is None and not row["returns"]
    values = values if isinstance(values, tuple) else () if nothing else (values,)
    if row["returns"] is None:
        return tuple(data(value) if isinstance(value, str) else value for value in values)
    if len(values) != len(row["returns"]):
        raise TypeError(f"the fake gives {len(values)} results where REAPER gives {len(row['returns'])}")
    return tuple(_result(value, wanted["type"], pointers) for value, wanted in zip(values, row["returns"], strict=True))


def _result(value, kind, pointers):
    if value is None or isinstance(value, Pointer):
        return value
    if kind == "number":
        return float(value)
    if kind == "integer":
        if value != int(value):
            raise TypeError(f"the fake gives {value} where REAPER gives an integer")
        return int(value)
    if kind == "boolean":
        return bool(value)
    if kind == "string":
        return data(value)
    if kind in CLASSES:
        return pointers.of(value)
    return value


def plain(value):
    """A value out of Lua for a test: text, numbers, the things behind pointers, tables as lists or dicts."""
    if isinstance(value, bytes):
        return text(value)
    if isinstance(value, Pointer):
        return value.thing
    if hasattr(value, "items") and hasattr(value, "keys"):
        pairs = {plain(key): plain(inner) for key, inner in value.items()}
        if list(pairs) == list(range(1, len(pairs) + 1)):
            return list(pairs.values())
        return pairs
    return value
