"""The device's face in Live: nothing outside it, nothing on top of another, and one tab at a time."""

import re
from xml.etree import ElementTree

import pytest

from live.container import DEVICE, read
from live.face import SCALE, font_of, line_height, wrapped
from live.test_patch import boxes, patcher

TABS = ("edit", "directions", "setup")


# The longest that the script says, or nearly.
LONGEST = {
    "status": "No service answers on port 9130. Start it: type `retone serve` in a terminal, or once and for all "
    "`retone install login`. Then press the button again, and wait for it.",
    "engine": "ready · cuda · audioldm2-music-large",
    "time": "inverting, 1:02:30 left",
    "edit_clip": "A loop with quite a long name, 2nd take · 124.25 s · Session",
    **{f"directions_label_{k}": "100 %  120.0-124.5 s  2000-12000 Hz" for k in range(1, 7)},
}


def shown(tab):
    """The boxes that are seen together with a tab, by scripting name."""
    face = {box["varname"]: box for box in boxes().values() if box.get("presentation")}
    return {name: box for name, box in face.items() if not name.startswith(TABS) or name.startswith(tab)}


def overlap(a, b):
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


def test_the_device_opens_on_its_face_and_is_as_wide_as_that():
    assert patcher()["openinpresentation"] == 1
    assert patcher()["devicewidth"] == 480


@pytest.mark.parametrize("tab", TABS)
def test_nothing_stands_outside_the_device(tab):
    for name, box in shown(tab).items():
        left, top, width, height = box["presentation_rect"]
        assert left >= 0 and top >= 0 and width > 0 and height > 0, name
        assert left + width <= patcher()["devicewidth"] and top + height <= 169, name
        assert all(side == int(side) for side in box["presentation_rect"]), f"{name} would be blurred"


@pytest.mark.parametrize("tab", TABS)
def test_nothing_covers_another(tab):
    placed = [(name, box["presentation_rect"]) for name, box in shown(tab).items()]
    for number, (name, place) in enumerate(placed):
        for other, other_place in placed[:number]:
            assert not overlap(place, other_place), f"{name} lies on {other}"


def test_texts_have_the_room_they_need():
    for box in boxes().values():
        if box["maxclass"] == "live.comment":
            _, _, width, height = (SCALE * side for side in box["presentation_rect"])
            lines = wrapped(LONGEST.get(box["varname"], box["text"]), width, box["fontsize"])
            assert all(font_of(box["fontsize"]).getlength(line) <= width for line in lines), (box["id"], lines)
            assert len(lines) * line_height(box["fontsize"]) <= height, (box["id"], lines)


def test_words_on_widgets_fit_on_them():
    for box in boxes().values():
        if box.get("parameter_enable") and box["maxclass"] in ("live.text", "live.dial"):
            word = box.get("text") or box["saved_attribute_attributes"]["valueof"]["parameter_shortname"]
            size = box.get("fontsize", 9.5)
            assert font_of(size).getlength(word) <= SCALE * (box["presentation_rect"][2] - 2), word


def test_a_fresh_device_shows_the_first_tab_and_what_belongs_to_none():
    visible = {box["varname"] for box in boxes().values() if box.get("presentation") and not box.get("hidden")}
    assert visible == set(shown("edit"))


def test_every_parameter_can_be_reached():
    assert all(box.get("presentation") for box in boxes().values() if box.get("parameter_enable"))


def test_what_is_no_control_lets_the_mouse_through():
    for box in boxes().values():
        if box["maxclass"] in ("jsui", "fpic"):
            assert box["ignoreclick"] == 1


def test_colours_of_texts_are_live_s_own():
    for box in boxes().values():
        own = {name: value for name, value in box.items() if name.endswith("color")}
        assert own == {}, f"{box['id']} would not follow Live's theme"
        expressions = [
            value["expression"]
            for name, value in box.get("saved_attribute_attributes", {}).items()
            if name != "valueof"
        ]
        assert all(expression.startswith("themecolor.live_") for expression in expressions)


@pytest.mark.parametrize("name", ["retone-lamp.js", "retone-bar.js"])
def test_displays_are_drawn_in_middle_tones(name):
    """Colours between black and white can be told from the light theme as well as from the dark one."""
    script = read(DEVICE.read_bytes()).text(name)
    colours = re.findall(r"^var [A-Z]+ = .*?;$", script, re.MULTILINE)
    found = [
        tuple(float(part) for part in match)
        for line in colours
        for match in re.findall(r"\[([0-9.]+), ([0-9.]+), ([0-9.]+), [0-9.]+\]", line)
    ]
    assert found
    for red, green, blue in found:
        assert 0.3 < 0.3 * red + 0.59 * green + 0.11 * blue < 0.7


def test_the_picture_is_as_large_as_its_place_and_in_middle_tones():
    picture = ElementTree.fromstring(read(DEVICE.read_bytes()).text("retone-logo.svg"))
    assert [float(picture.get(side)) for side in ("width", "height")] == boxes()["logo"]["presentation_rect"][2:]
    strokes = [path.get("stroke") for path in picture]
    assert strokes
    for stroke in strokes:
        red, green, blue = (int(stroke[place : place + 2], 16) / 255 for place in (1, 3, 5))
        assert 0.3 < 0.3 * red + 0.59 * green + 0.11 * blue < 0.7
