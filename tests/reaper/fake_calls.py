"""The calls that the fake gives, by their names in Lua. Each takes the run that calls and checked arguments."""

CALLS = {}


def call(function):
    """Registers ``function`` as the call of its name; ``gfx_`` begins those of the window."""
    name = function.__name__
    space, short = ("gfx", name.removeprefix("gfx_")) if name.startswith("gfx_") else ("reaper", name)
    CALLS[f"{space}.{short}"] = function
    return function


def nth(things, number):
    """The thing of this number from 0, or None beyond the last."""
    return things[number] if 0 <= number < len(things) else None
