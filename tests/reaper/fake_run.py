"""One run of one action: its own Lua, its ticks, what it cost, and how it ended."""

import os
import time
import traceback
from pathlib import Path

from .fake_calls import CALLS
from .fake_lua import PRELUDE, Pointer, Wrong, checked, data, plain, returned, runtime, text


class ScriptError(AssertionError):
    """A script ended with a Lua error; REAPER would show it."""


class Run:
    """``ended``: nothing more will be called. ``ticks``: of each, the seconds that the processor worked for the script,
    and those for the fake."""

    def __init__(self, reaper, path):
        self.reaper, self.path = reaper, Path(path)
        self.ended = self.on_main = False
        self.ticks, self.values = [], None
        self.window, self.listings, self.at_exit = None, {}, []
        self.options, self.blocks, self.deferred_once = 0, 0, False
        self._deferred, self._in_fake = [], 0.0
        self._lua = runtime(reaper.lua)
        self._made = self._lua.execute(PRELUDE.read_bytes(), self._host())

    def _host(self):
        reaper = self.reaper
        host = self._lua.table_from(
            {
                b"call": self._call,
                b"wrong": lambda name, what: data(self.reaper.fault(text(name), text(what))),
                b"status": lambda name: data(reaper.status(text(name))),
                b"names": self._lua.table_from([data(name) for name in CALLS if reaper.has(name)]),
                b"defer": self._deferred.append,
                b"getenv": lambda name: _optional(reaper.environment.get(text(name), os.environ.get(text(name)))),
                b"seconds": lambda: int(reaper.seconds()),
                b"shell": lambda command: reaper.shell(text(command)),
                b"windows": lambda: reaper.os.startswith("Win"),
                b"array_methods": self._lua.table_from(
                    {data(name.split(".")[-1]): True for name in reaper.calls if name.startswith("{reaper.array}.")}
                ),
            }
        )
        self._host_table = host
        return host

    def array_cells(self, array):
        return self._host_table[b"array_cells"](array)

    def array_put(self, array, samples):
        self._host_table[b"array_put"](array, self._lua.table_from(samples.tolist()), len(samples))

    def set_gfx(self, name, value):
        self._made[b"set"](data(name), float(value))

    def get_gfx(self, name):
        return self._made[b"get"](data(name))

    def changes(self, thing, call):
        """Notes that a call of this run changes a project."""
        project = thing.project if hasattr(thing, "project") else thing
        project.changes += 1
        project.undo.changed(call)

    def _call(self, name, on_main, *arguments):
        begun, worked = time.perf_counter(), time.thread_time()
        name, self.on_main = text(name), on_main
        row = self.reaper.calls[name]
        try:
            given = CALLS[name](self, *checked(row, arguments))
            return True, *returned(row, given, self.reaper.pointers)
        except Wrong as wrong:
            return False, data(self.reaper.fault(name, str(wrong)))
        except Exception:
            # A fault of the fake's own; a script that catches errors must not hide it either.
            return False, data(self.reaper.fault(name, traceback.format_exc()))
        finally:
            self._in_fake += time.thread_time() - worked
            self.reaper.in_fake_s += time.perf_counter() - begun

    def start(self):
        loaded = self._made[b"load"](os.fsencode(self.path))
        if isinstance(loaded, tuple):
            raise ScriptError(text(loaded[1]))
        self._timed([(loaded, ())])
        return self

    def start_text(self, code, *arguments):
        """Runs a chunk of text instead of a file; ``values`` are what it returns."""
        loaded = self._made[b"chunk"](data(code), b"test")
        if isinstance(loaded, tuple):
            raise ScriptError(text(loaded[1]))
        self._timed([(loaded, tuple(self.lua_value(argument) for argument in arguments))])
        return self

    def lua_value(self, value):
        """A test's value for Lua: text as bytes, things as their pointers, lists and dicts as tables."""
        if isinstance(value, str | Path):
            return data(str(value))
        if isinstance(value, list | tuple):
            return self._lua.table_from([self.lua_value(inner) for inner in value])
        if isinstance(value, dict):
            return self._lua.table_from({self.lua_value(key): self.lua_value(inner) for key, inner in value.items()})
        return self.reaper.pointers.of(value) if hasattr(value, "kind") and hasattr(value, "alive") else value

    def tick(self):
        if self.window is not None:
            for name, value in self.window.mouse.items():
                self.set_gfx(name, value)
        functions = list(self._deferred)
        self._deferred.clear()
        self._timed([(function, ()) for function in functions])

    def _timed(self, calls):
        self._in_fake = 0.0
        begun = time.thread_time()
        try:
            for function, arguments in calls:
                self._protected(function, *arguments)
        finally:
            whole = time.thread_time() - begun
            self.ticks.append((whole - self._in_fake, self._in_fake))
        self.deferred_once |= bool(self._deferred)
        if not self._deferred:
            self.end()

    def _protected(self, function, *arguments):
        given = self._made[b"protected"](function, *arguments)
        good, *values = given if isinstance(given, tuple) else (given,)
        if not good:
            self._deferred.clear()
            self.end()
            raise ScriptError(text(values[0]))
        self.values = [plain(value) for value in values]

    def end(self):
        """Ends it, as at its last tick or when the user terminates it; what it asked for at exit is called."""
        if self.ended:
            return
        self.ended = True
        self._deferred.clear()
        for function in self.at_exit:
            self._protected(function)
        self._deferred.clear()
        if self.window is not None:
            self.window.close()
        # REAPER makes an undo step of its own after an action that neither deferred nor made one.
        if self.path.name and not self.deferred_once and not self.blocks:
            self.reaper.project.undo.add(f"ReaScript: {self.path.name}")

    @property
    def slowest_s(self):
        """The most seconds that one tick spent in the script itself."""
        return max(script for script, _fake in self.ticks)


def _optional(value):
    return None if value is None else data(value)


__all__ = ["Pointer", "Run", "ScriptError"]
