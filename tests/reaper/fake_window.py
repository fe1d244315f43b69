"""The window that a script draws with gfx: a test reads what stands in it, presses keys and clicks."""

from typing import NamedTuple

from .fake_calls import call
from .fake_lua import Wrong

CHARACTER, LINE = 7.0, 14.0


class Stroke(NamedTuple):
    """A filled rectangle, or a text that REAPER cuts off at its ``width``; colours from 0 to 1."""

    x: float
    y: float
    width: float
    height: float
    colour: tuple[float, float, float]
    text: str = ""
    centred: bool = False


class Window:
    """``texts``: what was drawn up to the last gfx.update, from top to bottom as drawn; ``strokes``: the same to draw
    it again."""

    def __init__(self, title, width, height, dock):
        self.title, self.width, self.height, self.dock = title, width, height, dock
        self.texts, self.places, self.rectangles = [], {}, []
        self.drawing, self.drawn_at, self.drawn_rectangles = [], {}, []
        self.strokes, self.drawn_strokes = [], []
        self.keys, self.open, self.frames = [], True, 0
        self.mouse = {"mouse_x": 0.0, "mouse_y": 0.0, "mouse_cap": 0.0, "mouse_wheel": 0.0}

    @property
    def text(self):
        return "\n".join(self.texts)

    def shown(self):
        self.texts, self.places, self.rectangles = self.drawing, self.drawn_at, self.drawn_rectangles
        self.drawing, self.drawn_at, self.drawn_rectangles = [], {}, []
        self.strokes, self.drawn_strokes = self.drawn_strokes, []
        self.frames += 1

    def press(self, key):
        """``key``: a character, or REAPER's number of it (27 is escape)."""
        self.keys.append(float(ord(key) if isinstance(key, str) else key))

    def close(self):
        self.open = False

    def point(self, text, down=False):
        """Puts the mouse onto a text that stands in the window, and its left button down or up."""
        x, y = next(place for drawn, place in self.places.items() if text in drawn)
        self.mouse |= {"mouse_x": x + 2, "mouse_y": y + 2, "mouse_cap": 1.0 if down else 0.0}


def window(run):
    if run.window is None:
        raise Wrong("no window is open: gfx.init comes first")
    return run.window


def _colour(run):
    return tuple(run.get_gfx(name) for name in "rgb")


def _numbers(*values):
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Wrong(f"{value!r} is no number")


@call
def gfx_init(run, title, width=640, height=480, dock=0, *_place):
    _numbers(width, height, dock)
    if run.window is None or not run.window.open:
        run.window = Window(title, width, height, dock)
    elif title:
        run.window.title = title
    run.reaper.focus = run.window
    run.set_gfx("w", run.window.width)
    run.set_gfx("h", run.window.height)
    return 1


@call
def gfx_update(run):
    window(run).shown()


@call
def gfx_getchar(run, *_which):
    if run.window is None or not run.window.open:
        return -1.0
    return run.window.keys.pop(0) if run.window.keys else 0.0


@call
def gfx_quit(run):
    if run.window is not None:
        run.window.close()


@call
def gfx_dock(run, value, *_place):
    _numbers(value)
    if value >= 0:
        window(run).dock = int(value)
    # Of a window that is closed nothing is known.
    return window(run).dock if window(run).open else 0


@call
def gfx_set(run, *values):
    _numbers(*values)
    for name, value in zip(("r", "g", "b", "a", "mode", "dest", "a2"), values, strict=False):
        run.set_gfx(name, value)


@call
def gfx_setfont(run, number, face="", size=0, *_style):
    _numbers(number, size)
    run.set_gfx("texth", float(size) or LINE)
    return 1


@call
def gfx_measurestr(_run, text):
    if not isinstance(text, str):
        raise Wrong(f"text expected, got {text!r}")
    lines = text.split("\n")
    return max(map(len, lines)) * CHARACTER, LINE * len(lines)


@call
def gfx_drawstr(run, text, flags=0, right=None, bottom=None):
    if not isinstance(text, str):
        raise Wrong(f"text expected, got {text!r}")
    x, y = run.get_gfx("x"), run.get_gfx("y")
    room = (CHARACTER * len(text) if right is None else right - x), (LINE if bottom is None else bottom - y)
    window(run).drawing.append(text)
    window(run).drawn_at[text] = x, y
    window(run).drawn_strokes.append(Stroke(x, y, *room, _colour(run), text, int(flags) & 1 == 1))
    run.set_gfx("x", x + CHARACTER * len(text))


@call
def gfx_rect(run, x, y, width, height, filled=1):
    _numbers(x, y, width, height)
    window(run).drawn_rectangles.append((x, y, width, height, bool(filled)))
    if filled:
        window(run).drawn_strokes.append(Stroke(x, y, width, height, _colour(run)))
