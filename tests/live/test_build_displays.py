"""The lamp and the bar, run as shipped: what they draw for each value that the script may send."""

import json
import subprocess

from live.container import DEVICE, read
from live.node import node

# Runs a display with a pen that writes down; answers with [what was drawn, how often it asked to be] for each value.
PEN = """
const [source, width, height, values] = JSON.parse(require("fs").readFileSync(0));
const answers = values.map((value) => {
  const drawn = [], pen = {size: [width, height]};
  let asked = 0;
  for (const name of ["ellipse", "arc", "rectangle", "rectangle_rounded", "fill", "stroke", "set_line_width"])
    pen[name] = (...numbers) => void drawn.push([name, ...numbers]);
  Object.assign(pen, {init() {}, set_source_rgba() {}, redraw: () => void (asked += 1)});
  const context = require("vm").createContext({mgraphics: pen});
  require("vm").runInContext(source, context);
  if (value !== null) context[Number.isInteger(value) ? "msg_int" : "msg_float"](value);
  context.paint();
  return [drawn, asked];
});
console.log(JSON.stringify(answers));
"""
BAR, LAMP = (268, 8), (12, 12)


def drawn(name, size, values):
    """What display ``name`` draws in a place of ``size``, for each value; None: before it was told any."""
    question = json.dumps([read(DEVICE.read_bytes()).text(name), *size, values])
    run = subprocess.run([node(), "-e", PEN], input=question, capture_output=True, text=True, check=True)
    answers = json.loads(run.stdout)
    for (_, asked), value in zip(answers, values, strict=True):
        assert asked == (value is not None), "a new value is drawn at once"
    return [shapes for shapes, _ in answers]


def test_there_is_no_bar_while_nothing_is_under_way():
    assert drawn("retone-bar.js", BAR, [None, -1, -0.5]) == [[], [], []]


def test_the_bar_grows_from_a_dot_to_its_whole_place_and_no_further():
    width, height = BAR
    ground = ["rectangle_rounded", 0, 0, width, height, height, height]
    none, little, half, whole, more = (
        [shape for shape in one if shape[0] == "rectangle_rounded"]
        for one in drawn("retone-bar.js", BAR, [0, 0.001, 0.5, 1, 1.5])
    )
    assert none == [ground]
    assert [shape[3] for shape in little] == [width, height]
    assert [shape[3] for shape in half] == [width, width / 2]
    assert whole == more == [ground, ground]


def test_the_lamp_looks_different_in_each_state_without_its_colours():
    seen = [json.dumps(one) for one in drawn("retone-lamp.js", LAMP, [0, 1, 2, 3])]
    assert len(set(seen)) == 4


def test_the_lamp_is_off_before_it_was_told_and_knows_no_other_states():
    off, below, between, trouble, above = drawn("retone-lamp.js", LAMP, [None, -3, 0.2, 3, 9])
    assert off == below == between
    assert ["fill"] not in off
    assert above == trouble


def test_the_lamp_stays_in_its_place():
    seen = drawn("retone-lamp.js", LAMP, [0, 1, 2, 3])
    for name, *numbers in [shape for one in seen for shape in one]:
        if name in ("ellipse", "rectangle"):
            left, top, width, height = numbers
            assert left >= 1 and top >= 1 and left + width <= LAMP[0] - 1 and top + height <= LAMP[1] - 1
