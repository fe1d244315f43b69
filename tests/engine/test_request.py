"""What can be asked, and what is refused with which words."""

import json
import math
import subprocess
import sys
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retone_engine.request import BY_NAME, CODES, PARAMETERS, EditRequest, RetoneError, pairs


def test_every_field_of_a_request_is_a_parameter_with_the_same_default():
    asked = {field.name: field.default for field in fields(EditRequest) if field.name != "path"}
    assert asked == {parameter.name: parameter.default for parameter in PARAMETERS}


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
    assert pairs(["prompt", "a choir", "seed", 3]) == {"prompt": "a choir", "seed": 3}
    with pytest.raises(RetoneError, match="'seed' has no value"):
        pairs(["prompt", "a choir", "seed"])
    with pytest.raises(RetoneError, match="no parameter 'colour'; there are prompt,"):
        pairs(["colour", "blue"])
    with pytest.raises(RetoneError, match="seed is given twice"):
        pairs(["seed", 1, "seed", 2])


def test_a_request_needs_a_path_and_a_prompt():
    with pytest.raises(RetoneError, match="path of the clip is empty"):
        EditRequest.of(" ", {"prompt": "a choir"})
    with pytest.raises(RetoneError, match="prompt is empty"):
        EditRequest.of("clip.wav", {"prompt": "  "})


def test_a_mask_before_its_region_is_refused():
    with pytest.raises(RetoneError) as caught:
        EditRequest.of("clip.wav", {"prompt": "a choir", "region_start": 100, "mask_start": 99})
    assert caught.value.code == "bad_mask"


def test_a_request_survives_the_pipe():
    request = EditRequest.of("clip.wav", {"prompt": "a choir", "strength": 0.5, "highs": "off"})
    assert EditRequest(**json.loads(json.dumps(request.values()))) == request


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
