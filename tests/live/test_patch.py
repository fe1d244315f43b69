"""The patch inside the device: every object known, every cord with two ends, wired as the script expects it."""

import functools

import pytest
from py2max import Patcher
from py2max.lint import lint
from py2max.maxref import get_object_info
from py2max.maxref.porttypes import port_counts

from live.container import DEVICE, read

# Newer than the Max 8.5 that Live 11.3 brings, or in need of what a musician may not have.
UNWANTED = {"v8", "v8ui", "node.script", "jweb", "live.banks", "array", "string", "dict.codebox", "repl", "shell"}
# py2max's table is silent on, or behind, what Max saves for these; so the right numbers stand here.
PORTS = {
    "js": (1, 4),  # what the script declares
    "jsui": (1, 1),  # and here they declare nothing else
    "udpsend": (1, 0),  # no inlet in the table
    "message": (2, 1),
    "plugout~": (2, 2),
    "plugin~": (2, 2),
}


@functools.cache
def patcher():
    return read(DEVICE.read_bytes()).patcher


def boxes():
    return {holder["box"]["id"]: holder["box"] for holder in patcher()["boxes"]}


def cords():
    return [
        (tuple(line["patchline"]["source"]), tuple(line["patchline"]["destination"])) for line in patcher()["lines"]
    ]


def object_of(box):
    """The name of a box's object, by the full name where the patch uses a short one."""
    name = box["text"].split()[0] if box["maxclass"] == "newobj" else box["maxclass"]
    return {"t": "trigger"}.get(name, name)


def after(box, outlet=0):
    """The boxes that an outlet leads to."""
    return [target for (source, number), (target, _) in cords() if (source, number) == (box, outlet)]


def said_by(box):
    """What reaches the script from a box's first outlet, as the texts of the objects on the way."""
    ways, found = [[box]], []
    while ways:
        way = ways.pop()
        for target in after(way[-1]):
            if target == "device":
                found.append([boxes()[name].get("text", name) for name in way[1:]])
            elif object_of(boxes()[target]) in ("prepend", "message", "trigger"):
                ways.append([*way, target])
    return found


def test_py2max_has_nothing_to_say_against_it():
    assert [str(finding) for finding in lint(Patcher.from_dict(patcher()))] == []


def test_every_object_is_one_that_max_has():
    for box in boxes().values():
        assert get_object_info(object_of(box)), f"{object_of(box)} is no object of Max"
        assert object_of(box) not in UNWANTED


def test_every_box_has_an_id_of_its_own():
    assert len(boxes()) == len(patcher()["boxes"])


def test_boxes_declare_the_ports_that_their_objects_have():
    for box in boxes().values():
        name = object_of(box)
        declared = box["numinlets"], box["numoutlets"]
        words = box.get("text", "").split()
        if name in PORTS:
            assert declared == PORTS[name], name
        elif name == "trigger":
            assert declared == (1, len(words) - 1)
        elif name == "route":
            assert declared == (len(words), len(words))
        else:
            assert declared == port_counts(name, box.get("text")), name
        assert len(box.get("outlettype", [])) == box["numoutlets"]
        assert len(box["patching_rect"]) == 4


def test_every_cord_ends_on_ports_that_are_there():
    for (source, outlet), (target, inlet) in cords():
        assert 0 <= outlet < boxes()[source]["numoutlets"], (source, outlet)
        assert 0 <= inlet < boxes()[target]["numinlets"], (target, inlet)


def test_no_cord_comes_twice():
    assert len(set(cords())) == len(cords())


def test_audio_passes_untouched():
    assert after("audio_in", 0) == ["audio_out"] and after("audio_in", 1) == ["audio_out"]
    assert [end for end in cords() if end[1][0] == "audio_out"] == [
        (("audio_in", channel), ("audio_out", channel)) for channel in (0, 1)
    ]


def test_names_that_are_shared_in_max_would_begin_with_three_dashes():
    shared = {"s", "send", "r", "receive", "v", "value", "coll", "dict", "buffer~", "table", "pattr", "pattrstorage"}
    for box in boxes().values():
        words = box.get("text", "").split()
        if box["maxclass"] == "newobj" and words[0] in shared:
            assert words[1].startswith("---"), box["text"]


@pytest.mark.parametrize(
    ("box", "said"),
    [
        ("tab", "prepend tab"),
        ("edit_strength", "prepend strength"),
        ("edit_guidance_scale", "prepend guidance_scale"),
        ("edit_seed", "prepend seed"),
        ("edit_variations", "prepend variations"),
        ("edit_new_seed", "new_seed"),
        ("cancel", "cancel"),
        ("directions_count", "prepend count"),
        ("directions_noise_level", "prepend noise_level"),
        *((f"directions_{k}", f"prepend amount {k}") for k in range(1, 7)),
        ("setup_service_port", "prepend service_port"),
        ("setup_mute_source", "prepend mute_source"),
        ("show_file", "show_file"),
    ],
)
def test_a_parameter_tells_the_script_its_word(box, said):
    assert said_by(box) == [[said]]


@pytest.mark.parametrize(("box", "word"), [("edit_prompt", "prompt"), ("setup_model", "model")])
def test_a_text_reaches_the_script_as_one_symbol_behind_its_word(box, word):
    assert after(box) == [f"{box}_said"]
    assert said_by(box) == [[f"prepend {word}"]]
    assert [boxes()[box][attribute] for attribute in ("outputmode", "keymode", "nosymquotes")] == [1, 1, 1]


@pytest.mark.parametrize(
    ("box", "word"), [("edit_edit", "edit"), ("directions_find", "find"), ("directions_steer", "steer")]
)
def test_edit_find_and_steer_read_what_is_typed_before_they_act(box, word):
    (first,) = after(box)
    assert boxes()[first]["text"] == "t b b b"
    # Outlets speak from the right.
    assert after(first, 2) == ["edit_prompt"]
    assert after(first, 1) == ["setup_model"]
    assert [boxes()[name]["text"] for name in after(first, 0)] == [word]


def test_the_script_hears_every_value_before_it_hears_that_it_is_ready():
    (first,) = after("ready")
    assert boxes()[first]["text"] == "t b b"
    assert after(first, 0) == ["device"]
    asked = {"setup_mute_source" if boxes()[name]["maxclass"] == "message" else name for name in after(first, 1)}
    assert after("setup_mute_source_value") == ["setup_mute_source"]
    holding = {
        box["id"]
        for box in boxes().values()
        if box.get("parameter_enable") and not (box["maxclass"] == "live.text" and box["mode"] == 0)
    }
    assert asked == holding


def test_a_bang_is_never_sent_to_what_it_would_switch():
    for (source, outlet), (target, _) in cords():
        if boxes()[target]["maxclass"] == "live.text":
            assert (boxes()[source]["maxclass"], boxes()[source]["text"], outlet) == ("message", "outputvalue", 0)


def test_the_script_sends_to_the_service_to_its_own_port_and_to_the_face():
    texts = [[boxes()[name]["text"] for name in after("device", outlet)] for outlet in range(4)]
    assert texts[:3] == [["udpsend 127.0.0.1 9130"], ["udpreceive 9131 @defer 1"], ["udpsend 127.0.0.1 9131"]]
    assert texts[3] == [
        "route status clip engine time lamp bar direction1 direction2 direction3 direction4 direction5 direction6 seed"
    ]
    assert after("from_service") == ["device"]


def test_what_the_script_says_goes_to_the_box_of_that_name():
    (route,) = after("device", 3)
    words = boxes()[route]["text"].split()[1:]
    targets = [after(route, outlet) for outlet in range(len(words))]
    assert targets == [
        ["status"],
        ["edit_clip", "directions_clip"],
        ["engine"],
        ["time"],
        ["lamp"],
        ["bar"],
        *([f"directions_label_{k}"] for k in range(1, 7)),
        ["edit_seed"],
    ]
    assert after(route, len(words)) == []


def test_stored_parameters_are_never_driven_from_the_patch():
    """Else each value would be a step in Live's undo history. New Seed's one step is the musician's own."""
    (route,) = after("device", 3)
    driven = {
        target for (source, _), (target, _) in cords() if source == route and "parameter_enable" in boxes()[target]
    }
    assert {name for name in driven if boxes()[name]["parameter_enable"]} == {"edit_seed"}
