"""What can be asked, and what is refused with which words."""

import json
import math
import subprocess
import sys
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retone_engine.request import (
    BY_NAME,
    CODES,
    KINDS,
    PARAMETERS,
    DirectionsRequest,
    EditRequest,
    Push,
    RetoneError,
    SteerRequest,
    pairs,
    request_of,
    steering,
    taken_by,
)


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_of_a_request_is_a_parameter_with_the_same_default(kind):
    asked = {field.name: field.default for field in fields(KINDS[kind]) if field.name not in ("path", "pushes")}
    assert asked == {parameter.name: parameter.default for parameter in taken_by(kind)}


def test_the_table_says_something_of_everything():
    for parameter in PARAMETERS:
        assert parameter.sentence.endswith("."), parameter.name
        assert (parameter.kind == "choice") == bool(parameter.choices), parameter.name
        if parameter.kind in ("int", "float"):
            assert parameter.low is not None, parameter.name


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("strength", 1, 1.0),
        ("strength", "0.25", 0.25),
        ("strength", "auto", None),
        ("steps", 50.0, 50),
        ("seed", "7", 7),
        ("prompt", 808, "808"),
        ("prompt", 808.0, "808"),
        ("prompt", "  a choir ", "a choir"),
        ("highs", "off", False),
        ("highs", 1.0, True),
        ("highs", 0, False),
        ("method", "SDEdit", "sdedit"),
        ("stereo", "auto", None),
    ],
)
def test_numbers_and_words_are_taken_as_any_sender_writes_them(name, value, expected):
    got = BY_NAME[name].coerce(value)
    assert got == expected
    assert type(got) is type(expected)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("strength", 1.5, "strength is '1.5'; it takes a number from 0 to 1, or auto."),
        ("strength", "loud", "a number from 0 to 1"),
        ("strength", math.nan, "a number from 0 to 1"),
        ("strength", b"\0", "strength"),
        ("steps", 2.5, "a whole number from 2 to 1000"),
        ("seed", -1, "a whole number from 0 to 2147483647"),
        ("seed", "auto", "seed"),
        ("seed", 10**400, "seed"),
        ("variations", 17, "1 to 16"),
        ("highs", "perhaps", "on or off"),
        ("method", "magic", "one of ddpm_inversion, sdedit, ddim_inversion"),
        ("prompt", "x" * 501, "at most 500 characters"),
        ("prompt", "a\0b", "prompt"),
        ("prompt", None, "prompt"),
    ],
)
def test_a_wrong_value_is_refused_by_name_with_what_would_be_right(name, value, says):
    with pytest.raises(RetoneError) as caught:
        BY_NAME[name].coerce(value)
    assert caught.value.code == "bad_request"
    assert says in caught.value.message


def test_settings_come_in_pairs_of_known_names_given_once():
    assert pairs(["prompt", "a choir", "seed", 3], "edit") == {"prompt": "a choir", "seed": 3}
    with pytest.raises(RetoneError, match="'seed' has no value"):
        pairs(["prompt", "a choir", "seed"], "edit")
    with pytest.raises(RetoneError, match="no parameter 'colour' of edit; there are prompt,"):
        pairs(["colour", "blue"], "edit")
    with pytest.raises(RetoneError, match="seed is given twice"):
        pairs(["seed", 1, "seed", 2], "edit")


def test_a_request_needs_a_path_and_a_prompt():
    with pytest.raises(RetoneError, match="path of the clip is empty"):
        EditRequest.of(" ", {"prompt": "a choir"})
    with pytest.raises(RetoneError, match="prompt is empty"):
        EditRequest.of("clip.wav", {"prompt": "  "})


def test_a_mask_before_its_region_is_refused():
    with pytest.raises(RetoneError) as caught:
        EditRequest.of("clip.wav", {"prompt": "a choir", "region_start": 100, "mask_start": 99})
    assert caught.value.code == "bad_mask"


def test_a_subfolder_is_names_below_a_folder():
    asked = {"prompt": "a choir", "output_folder": "/songs/a"}
    request = EditRequest.of("clip.wav", {**asked, "output_subfolder": "Samples/für später/.a b"})
    assert request.subfolders == ("Samples", "für später", ".a b")
    assert EditRequest.of("clip.wav", asked).subfolders == ()
    for wrong in ("..", "a/../b", "/a", "a/", "C:/a", "a\\b", "a /b", "a./b", "x" * 201):
        with pytest.raises(RetoneError, match=r"output_subfolder is .*; it takes "):
            EditRequest.of("clip.wav", {**asked, "output_subfolder": wrong})
    with pytest.raises(RetoneError, match="lies below an output_folder"):
        EditRequest.of("clip.wav", {"prompt": "a choir", "output_subfolder": "Samples"})


def test_a_request_survives_the_pipe():
    edit = EditRequest.of("clip.wav", {"prompt": "a choir", "strength": 0.5, "highs": "off"})
    find = DirectionsRequest.of("clip.wav", {"count": 5, "noise_level": 0.7})
    steer = SteerRequest.of("clip.wav", {}, pushes=(Push(1, (0.5, -0.5)), Push(3, (1.0,))))
    for request in (edit, find, steer):
        assert request_of(json.loads(json.dumps(request.values()))) == request


def test_directions_and_their_amounts_come_in_pairs():
    pushes, rest = steering(["direction", 1, "amount", 0.5, "seed", 3, "direction", "3", "amount", "-1, 0.25"])
    assert pushes == (Push(1, (0.5,)), Push(3, (-1.0, 0.25)))
    assert rest == ["seed", 3]
    assert SteerRequest.of("clip.wav", {}, pushes=pushes).amounts == ((0.5, -1.0), (0.5, 0.25))
    for wrong in (["direction", 1], ["amount", 0.5], ["direction", 1, "seed", 2, "amount", 1], ["direction", 0]):
        with pytest.raises(RetoneError) as caught:
            steering(wrong)
        assert caught.value.code == "bad_request"


@pytest.mark.parametrize(
    ("pushes", "values", "says"),
    [
        ((), {}, "no direction to steer along"),
        ((Push(4, (0.5,)),), {}, "direction is 4; 3 are looked for (count), so it takes 1 to 3"),
        ((Push(1, (0.5,)), Push(1, (0.1,))), {}, "direction 1 is given twice"),
        ((Push(1, (0.5, 0.2)), Push(2, (0.1, 0.2, 0.3))), {}, "amount: every direction takes one amount"),
        ((Push(1, (0.5,)),), {"strength": 0.4, "strength_end": 0.4}, "strength_end is 0.4; it takes a number below"),
        ((Push(1, (0.5,)),), {"strength": 0.4, "strength_end": 0.6}, "strength, which is 0.4"),
        ((Push(1, (0.5,)),), {"each_step": 1, "noise_level": 0.6}, "noise_level and each_step are both given"),
        ((Push(1, (0.5,)),), {"prompt": "a choir"}, "no parameter 'prompt' of steer"),
        ((Push(1, (0.5, 0.2)),), {"only": 3}, "only is 3; this request has results 1 to 2"),
    ],
)
def test_a_wrong_steer_is_refused_with_what_would_be_right(pushes, values, says):
    with pytest.raises(RetoneError) as caught:
        SteerRequest.of("clip.wav", values, pushes=pushes)
    assert caught.value.code == "bad_request"
    assert says in caught.value.message


@pytest.mark.parametrize("value", [math.nan, "nan", 1.5, "0.5,loud", ""])
def test_an_amount_is_a_number_from_minus_1_to_1(value):
    with pytest.raises(RetoneError, match=r"amount is .* it takes a number from -1 to 1"):
        steering(["direction", 1, "amount", value])


def test_a_direction_takes_16_amounts_at_most():
    with pytest.raises(RetoneError, match="17 came; one direction takes at most 16"):
        steering(["direction", 1, "amount", ",".join(["0.1"] * 17)])


def test_results_have_names_that_tell_them_apart():
    assert EditRequest.of("clip.wav", {"prompt": "a choir"}).results == ("",)
    assert EditRequest.of("clip.wav", {"prompt": "a choir", "variations": 3}).results == ("1", "2", "3")
    assert EditRequest.of("clip.wav", {"prompt": "a choir", "variations": 3, "only": 2}).results == ("2",)
    assert DirectionsRequest.of("clip.wav", {"count": 1}).results == ("1-plus", "1-minus")
    assert SteerRequest.of("clip.wav", {}, pushes=(Push(1, (0.5, -0.5)),)).results == ("1", "2")


def test_segments_are_read_in_order_of_time():
    text = "2.5- church organ strength=0.4 guidance_scale=3 | 0-2.5 a flute"
    flute, organ = EditRequest.of("clip.wav", {"segments": text}).parts
    assert (flute.start, flute.end, flute.prompt, flute.strength) == (0, 2.5, "a flute", None)
    assert (organ.start, organ.end, organ.prompt) == (2.5, math.inf, "church organ")
    assert (organ.strength, organ.guidance_scale) == (0.4, 3.0)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("0-2 flute | 1.5-3 organ", "0-2 and 1.5-3 overlap"),
        ("0- flute | 3-4 organ", "0- and 3-4 overlap"),
        ("3-2 flute", "ends before it starts"),
        ("2-2 flute", "ends before it starts"),
        ("flute", "'flute' is none; write START-END PROMPT"),
        ("0-2", "is none"),
        ("0-1.2.3 flute", "'1.2.3' in '0-1.2.3 flute' is no number"),
        ("0-2 strength=0.4", "has no prompt"),
        ("0-2 flute strength=2", "strength is '2'; it takes a number from 0 to 1"),
        ("0-2 flute colour=2", "colour is no setting of a segment"),
        ("0-2 flute strength=0.1 strength=0.2", "strength is given twice"),
    ],
)
def test_wrong_segments_are_refused_by_name(text, says):
    with pytest.raises(RetoneError) as caught:
        EditRequest.of("clip.wav", {"segments": text})
    assert caught.value.code == "bad_request"
    assert says in caught.value.message


@given(st.sampled_from(PARAMETERS), st.one_of(st.text(), st.floats(), st.integers(), st.booleans(), st.binary()))
def test_any_value_is_coerced_into_range_or_refused_by_name(parameter, value):
    try:
        got = parameter.coerce(value)
    except RetoneError as error:
        assert error.message.startswith(parameter.name)
        return
    if parameter.kind in ("int", "float") and got is not None:
        assert parameter.low <= got <= (math.inf if parameter.high is None else parameter.high)
    assert parameter.coerce(got) == got


def test_an_error_needs_a_known_code():
    with pytest.raises(ValueError, match="oops"):
        RetoneError("oops", "")
    assert all(sentence.endswith(".") for sentence in CODES.values())


def test_the_table_is_read_without_torch():
    code = "import sys, retone_engine.request; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
