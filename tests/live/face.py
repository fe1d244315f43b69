"""One tab of the device's face, drawn box by box in the manner of Live's own widgets."""

import re
from dataclasses import dataclass
from xml.etree import ElementTree

from PIL import Image, ImageDraw, ImageFont

SCALE = 2  # sharp on dense screens
TABS = ("edit", "directions", "setup")

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Theme:
    """Colours in the manner of a theme of Live's."""

    ground: Colour
    surface: Colour
    ink: Colour
    soft: Colour
    field: Colour
    edge: Colour
    on: Colour
    on_ink: Colour
    track: Colour


DARK = Theme(
    (24, 24, 24), (54, 54, 54), (208, 208, 208), (140, 140, 140), (30, 30, 30), (20, 20, 20), (255, 173, 86),
    (20, 20, 20), (88, 88, 88),
)  # fmt: skip
LIGHT = Theme(
    (128, 128, 128), (207, 207, 207), (20, 20, 20), (98, 98, 98), (240, 240, 240), (120, 120, 120), (255, 173, 86),
    (20, 20, 20), (160, 160, 160),
)  # fmt: skip
RINGS = ((128, 128, 128), (222, 148, 26), (51, 166, 84), (219, 69, 59))
DONE, GROUND = (26, 143, 168), (128, 128, 128)


@dataclass(frozen=True)
class State:
    """What the face shows: texts by box, values by parameter, and for each tab the boxes that are seen."""

    texts: dict
    values: dict
    lamp: int
    bar: float
    visible: dict


class Face:
    """One drawing of the face: a tab in a theme."""

    def __init__(self, device, state, tab, theme):
        self.device, self.state, self.tab, self.theme = device, state, tab, theme
        width = round(device.patcher["devicewidth"])
        self.image = Image.new("RGB", (SCALE * width, SCALE * 169), theme.surface)
        self.draw = ImageDraw.Draw(self.image)
        for holder in device.patcher["boxes"]:
            box = holder["box"]
            name = box.get("varname", "")
            if name in state.visible[tab]:
                left, top, wide, high = (round(SCALE * side) for side in box["presentation_rect"])
                draw = getattr(self, "_" + box["maxclass"].replace(".", "_"))
                draw(box, name, (left, top, left + wide, top + high))

    def _live_comment(self, box, name, place):
        size = box["fontsize"]
        lines = wrapped(self.state.texts.get(name, box["text"]), place[2] - place[0], size)
        step = line_height(size)
        top = place[1] + (SCALE if len(lines) > 1 or place[3] - place[1] > 2 * step else
                          (place[3] - place[1] - step) / 2)  # fmt: skip
        for number, line in enumerate(lines):
            self._text(line, place, top + number * step, size, box["textjustification"], self.theme.ink)

    def _live_line(self, box, name, place):
        middle = (place[1] + place[3]) / 2
        self.draw.line((place[0], middle, place[2], middle), self.theme.track, SCALE // 2)

    def _live_tab(self, box, name, place):
        parts = parameter(box)["parameter_enum"]
        gap = 3 * SCALE
        wide = (place[2] - place[0] - gap * (len(parts) - 1)) / len(parts)
        for number, part in enumerate(parts):
            left = place[0] + number * (wide + gap)
            self._button(part, (left, place[1], left + wide, place[3]), part.lower() == self.tab)

    def _live_text(self, box, name, place):
        self._button(box["text"], place, False, box["fontsize"])

    def _button(self, text, place, on, size=9.5):
        theme = self.theme
        self.draw.rectangle(place, theme.on if on else theme.field, theme.edge, 1)
        middle = (place[1] + place[3] - line_height(size)) / 2
        self._text(text, place, middle, size, 1, theme.on_ink if on else theme.ink)

    def _live_numbox(self, box, name, place):
        value = self.state.values[parameter(box)["parameter_longname"]]
        self.draw.rectangle(place, self.theme.field, self.theme.edge, 1)
        middle = (place[1] + place[3] - line_height(9.5)) / 2
        self._text(f"{value:g}", place, middle, 9.5, 1, self.theme.ink)

    def _textedit(self, box, name, place):
        self.draw.rounded_rectangle(place, 2 * SCALE, self.theme.field, self.theme.edge, 1)
        lines = wrapped(
            self.state.values[parameter(box)["parameter_longname"]], place[2] - place[0] - 8 * SCALE, box["fontsize"]
        )
        inner = (place[0] + 4 * SCALE, place[1], place[2], place[3])
        for number, line in enumerate(lines):
            top = place[1] + 3 * SCALE + number * line_height(box["fontsize"])
            self._text(line, inner, top, box["fontsize"], 0, self.theme.ink)

    def _live_dial(self, box, name, place):
        saved = parameter(box)
        value = self.state.values[saved["parameter_longname"]]
        low, high = saved["parameter_mmin"], saved["parameter_mmax"]
        words = saved["parameter_enum"][value] if "parameter_enum" in saved else f"{value:.2f}"
        self._text(saved["parameter_shortname"], place, place[1], 9.5, 1, self.theme.ink)
        step = line_height(9.5)
        room = place[3] - place[1] - 2 * step
        middle = (place[0] + place[2]) / 2
        top = place[1] + step + SCALE
        ring = (middle - room / 2, top, middle + room / 2, top + room)
        start = 135 + (270 * (0 - low) / (high - low) if low < 0 else 0)
        angle = 135 + 270 * (value - low) / (high - low)
        self.draw.arc(ring, 135, 405, self.theme.track, 2 * SCALE)
        if angle != start:
            self.draw.arc(ring, min(start, angle), max(start, angle), DONE, 2 * SCALE)
        needle = Image.new("L", self.image.size)
        ImageDraw.Draw(needle).pieslice(ring, angle - 5, angle + 5, 255)
        self.image.paste(self.theme.ink, mask=needle)
        self._text(words, place, place[3] - step, 9.5, 1, self.theme.ink)

    def _jsui(self, box, name, place):
        if name == "lamp":
            self.draw.ellipse((place[0] + 2, place[1] + 2, place[2] - 2, place[3] - 2), RINGS[self.state.lamp])
            return
        half = (place[3] - place[1]) / 2
        ground = tuple(round(0.65 * a + 0.35 * b) for a, b in zip(self.theme.surface, GROUND, strict=True))
        self.draw.rounded_rectangle(place, half, ground)
        right = place[0] + self.state.bar * (place[2] - place[0])
        self.draw.rounded_rectangle((place[0], place[1], right, place[3]), half, DONE)

    def _fpic(self, box, name, place):
        for path in ElementTree.fromstring(self.device.text(box["pic"])):
            points = [(place[0] + SCALE * x, place[1] + SCALE * y) for x, y in curve(path.get("d"))]
            self.draw.line(points, path.get("stroke"), round(SCALE * float(path.get("stroke-width"))), "curve")

    def _text(self, text, place, top, size, side, colour):
        font = font_of(size)
        room = place[2] - place[0] - font.getlength(text)
        self.draw.text((place[0] + max(0, room) * side / 2, top), text, colour, font)


def parameter(box):
    return box["saved_attribute_attributes"]["valueof"]


def font_of(size):
    return ImageFont.load_default(round(SCALE * size))


def line_height(size):
    """Pixels from one line of a text to the next."""
    return round(SCALE * size * 1.2)


def wrapped(text, width, size):
    """``text`` in lines that are at most ``width`` pixels wide, where its words allow it."""
    font, lines = font_of(size), [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def curve(path):
    """The points of an SVG path made of M, C and S with absolute places."""
    numbers = [[float(n) for n in part[1]] for part in _commands(path)]
    letters = [letter for letter, _ in _commands(path)]
    point, bend, points = (0.0, 0.0), None, []
    for letter, values in zip(letters, numbers, strict=True):
        if letter == "M":
            point = (values[0], values[1])
            points.append(point)
            continue
        first = (values[0], values[1]) if letter == "C" else (2 * point[0] - bend[0], 2 * point[1] - bend[1])
        bend, end = ((values[-4], values[-3]), (values[-2], values[-1]))
        for step in range(1, 13):
            t = step / 12
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            corners = (point, first, bend, end)
            points.append(tuple(sum(w * c[axis] for w, c in zip(weights, corners, strict=True)) for axis in (0, 1)))
        point = end
    return points


def _commands(path):
    return [(letter, re.findall(r"-?[0-9.]+", rest)) for letter, rest in re.findall(r"([MCS])([^MCS]*)", path)]
