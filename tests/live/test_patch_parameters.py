"""The device's parameters: named, ranged and explained, and never further than the engine goes."""

from itertools import pairwise

import pytest

from live.test_patch import boxes, patcher
from retone_engine.parameters import BY_NAME

FLOAT, INT, ENUM, BLOB = range(4)
AS_INT = 0
# The device's parameters that are the engine's, by long name.
ENGINE = {
    "Prompt": "prompt",
    "Strength": "strength",
    "Guidance": "guidance_scale",
    "Seed": "seed",
    "Variations": "variations",
    "Model": "model",
    "Count": "count",
    "Noise Level": "noise_level",
}
BUTTONS = {"New Seed", "Edit", "Cancel", "Find", "Steer", "Show File"}
DIRECTIONS = {f"Direction {k}" for k in range(1, 7)}


def parameters():
    """What Max saves of each parameter, by its long name."""
    saved = [box["saved_attribute_attributes"]["valueof"] for box in boxes().values() if box.get("parameter_enable")]
    return {parameter["parameter_longname"]: parameter for parameter in saved}


def values(parameter):
    """What the places of a list mean to the engine: None is auto."""
    auto, *rest = parameter["parameter_enum"]
    assert auto == "auto"
    return [float(text.removesuffix(" %")) / (100 if text.endswith(" %") else 1) for text in rest]


def test_they_are_the_ones_that_the_script_knows():
    assert set(parameters()) == set(ENGINE) | BUTTONS | DIRECTIONS | {"Mute Source", "Service Port", "Tab"}


def test_long_names_and_scripting_names_are_unique():
    held = [box for box in boxes().values() if box.get("parameter_enable")]
    assert len(parameters()) == len(held)
    named = [box["varname"] for box in boxes().values() if "varname" in box]
    assert len(set(named)) == len(named)


@pytest.mark.parametrize("name", sorted({*ENGINE, *BUTTONS, *DIRECTIONS, "Mute Source", "Service Port", "Tab"}))
def test_each_has_a_type_a_range_a_unit_and_a_sentence(name):
    parameter = parameters()[name]
    assert parameter["parameter_shortname"] and len(parameter["parameter_shortname"]) <= 12
    assert parameter["parameter_info"].endswith(".")
    assert parameter["parameter_annotation_name"] == name
    assert parameter["parameter_defer"] == 1
    if parameter["parameter_type"] == BLOB:
        assert parameter["parameter_invisible"] == 1, "a text cannot be automated"
        return
    low, high = parameter["parameter_mmin"], parameter["parameter_mmax"]
    assert low < high
    if parameter["parameter_type"] == ENUM:
        assert (low, high) == (0, len(parameter["parameter_enum"]) - 1)
        assert len(set(parameter["parameter_enum"])) == high + 1
    else:
        assert parameter["parameter_unitstyle"] in (0, 1)
    if parameter["parameter_type"] == INT:
        assert high - low < 256, "Live has no more values for a whole number"
        assert parameter["parameter_unitstyle"] == AS_INT


@pytest.mark.parametrize(("name", "known"), sorted(ENGINE.items()))
def test_the_engine_s_sentence_is_the_device_s(name, known):
    box = next(box for box in boxes().values() if box.get("parameter_enable") and box["annotation_name"] == name)
    assert box["annotation"].startswith(BY_NAME[known].sentence)
    assert box["annotation"] == parameters()[name]["parameter_info"]


@pytest.mark.parametrize(
    ("name", "places", "step"), [("Strength", 102, 0.01), ("Guidance", 102, 0.5), ("Noise Level", 97, 0.01)]
)
def test_a_dial_with_auto_goes_through_the_whole_range_of_the_engine(name, places, step):
    parameter, known = parameters()[name], BY_NAME[ENGINE[name]]
    assert known.has_auto
    assert len(parameter["parameter_enum"]) == places
    meant = values(parameter)
    assert (meant[0], meant[-1]) == (known.low, known.high)
    assert [b - a for a, b in pairwise(meant)] == pytest.approx([step] * (places - 2))


@pytest.mark.parametrize("name", ["Seed", "Variations", "Count"])
def test_a_whole_number_stays_within_what_the_engine_takes_and_begins_at_its_default(name):
    parameter, known = parameters()[name], BY_NAME[ENGINE[name]]
    assert known.low <= parameter["parameter_mmin"] and parameter["parameter_mmax"] <= known.high
    assert parameter["parameter_unitstyle"] == AS_INT
    assert parameter["parameter_initial"] == [known.default]


def test_directions_go_as_far_as_the_engine_s_amount():
    known = BY_NAME["amount"]
    for name in DIRECTIONS:
        parameter = parameters()[name]
        assert (parameter["parameter_mmin"], parameter["parameter_mmax"]) == (known.low, known.high)


def test_a_fresh_device_stands_at_the_defaults():
    fresh = {name: p["parameter_initial"] for name, p in parameters().items() if p.get("parameter_initial_enable")}
    assert fresh == {
        "Tab": [0],
        "Strength": [0],
        "Guidance": [0],
        "Seed": [0],
        "Variations": [1],
        "Count": [3],
        "Noise Level": [0],
        **{name: [0.0] for name in DIRECTIONS},
        "Model": ["auto"],
        "Service Port": [9130],
        "Mute Source": [0],
    }


def test_a_fresh_prompt_is_empty():
    assert boxes()["edit_prompt"]["text"] == ""


def test_only_the_texts_the_port_and_the_tab_are_stored_without_automation():
    stored = {name for name, parameter in parameters().items() if parameter["parameter_invisible"]}
    assert stored == {"Prompt", "Model", "Service Port", "Tab"}


def test_push_shows_the_parameters_on_named_pages_of_eight():
    banks = patcher()["parameters"]["parameterbanks"]
    assert [banks[str(number)]["name"] for number in range(3)] == ["Edit", "Directions", "Search"]
    shown = []
    for number, bank in banks.items():
        assert bank["index"] == int(number) and len(bank["parameters"]) == 8
        shown += [name for name in bank["parameters"] if name != "-"]
    assert len(set(shown)) == len(shown)
    assert set(shown) == {name for name, parameter in parameters().items() if not parameter["parameter_invisible"]}


def test_the_patch_lists_every_parameter_by_its_box():
    listed = {key: value for key, value in patcher()["parameters"].items() if isinstance(value, list)}
    assert {value[0]: value for value in listed.values()} == {
        name: [name, parameter["parameter_shortname"], parameter["parameter_order"]]
        for name, parameter in parameters().items()
    }
    assert all(
        boxes()[key]["saved_attribute_attributes"]["valueof"]["parameter_longname"] == value[0]
        for key, value in listed.items()
    )
