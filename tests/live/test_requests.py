"""Every message to the service as a flat list, and how long it is as a packet."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from live.node import call
from retone_bridge.osc import Message, encode
from retone_bridge.protocol import read_request

HELD = {
    "prompt": "a flute",
    "strength": None,
    "guidance_scale": None,
    "seed": 7,
    "variations": 1,
    "model": None,
    "count": 3,
    "noise_level": None,
}
PLAN = {"path": "/music/loop.wav", "region_start": 100, "region_frames": 88200, "set_folder": ""}
REGION = ["region_start", 100, "region_frames", 88200]


def read(message):
    """What the service makes of a message; a number that is whole has no point, as Max sends it."""
    return read_request(Message(message[0], tuple(message[1:])))


def test_an_edit_leaves_out_what_is_at_auto():
    message = call("requests", "edit", "m1", PLAN, HELD)
    assert message == [
        "/retone/edit",
        "m1",
        "/music/loop.wav",
        "prompt",
        "a flute",
        "seed",
        7,
        "variations",
        1,
        *REGION,
    ]


def test_an_edit_says_what_is_set():
    held = {**HELD, "strength": 0.35, "guidance_scale": 2.5, "model": "pocket", "variations": 4}
    asked = read(call("requests", "answered_at", call("requests", "edit", "m1", PLAN, held), 9140))
    settings = asked.settings
    assert (settings["strength"], settings["guidance_scale"]) == (0.35, 2.5)
    assert (settings["model"], settings["variations"], settings["region_frames"]) == ("pocket", 4, 88200)
    assert asked.reply_port == 9140


def test_a_saved_set_has_results_in_its_own_folder_and_no_previews():
    plan = {**PLAN, "set_folder": "/sets/A song Project"}
    message = call("requests", "edit", "m1", plan, HELD)
    assert message[-4:] == ["output_folder", "/sets/A song Project", "output_subfolder", "Samples/Processed/Retone"]
    assert read(message).settings["output_subfolder"] == "Samples/Processed/Retone"
    assert call("requests", "steer", "m1", plan, [[1, 0.5]], HELD)[-4:] == message[-4:]
    assert "output_folder" not in call("requests", "directions", "m1", plan, HELD)


def test_a_search_says_how_many_and_where():
    message = call("requests", "directions", "m1", PLAN, {**HELD, "noise_level": 0.4})
    assert message == [
        *("/retone/directions", "m1", "/music/loop.wav", "count", 3, "noise_level", 0.4, "seed", 7),
        *REGION,
    ]


def test_a_steer_says_its_pushes_first():
    pushes = call("requests", "pushes", [0, -0.5, 0.004, 0.25, 0, 1], 4)
    assert pushes == [[2, -0.5], [4, 0.25]], "0.00 at the knob is 0, and knobs above the count do nothing"
    message = call("requests", "steer", "m1", PLAN, pushes, HELD)
    assert message[3:] == [*("direction", 2, "amount", -0.5, "direction", 4, "amount", 0.25, "count", 3), *message[-6:]]
    assert message[-6:] == ["seed", 7, *REGION]
    assert [(push.direction, push.amounts) for push in read(message).pushes] == [(2, (-0.5,)), (4, (0.25,))]


@pytest.mark.parametrize("name", ["status", "hello"])
def test_what_is_no_job_names_the_port_as_the_service_reads_it(name):
    assert read(call("requests", name, 9140)).reply_port == 9140


@pytest.mark.parametrize("name", ["job", "cancel"])
def test_what_is_asked_of_a_job_names_the_port(name):
    asked = read(call("requests", name, "m1", 9140))
    assert (asked.id, asked.reply_port) == ("m1", 9140)


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
NUMBERS = st.integers(-(2**31), 2**31 - 1) | st.floats(-1000, 1000, width=32)


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS | NUMBERS, max_size=30))
def test_the_length_is_that_of_the_packet(arguments):
    packet = encode(Message("/retone/edit", tuple(arguments)))
    assert call("requests", "size", ["/retone/edit", *arguments]) == len(packet)


def test_what_is_too_long_is_refused_with_what_to_do():
    def edit(letters):
        return ["/retone/edit", "m1", "/" + "ü" * letters]

    def size(letters):
        return len(encode(Message("/retone/edit", (*edit(letters)[1:], "reply_port", 9140))))

    fits = max(letters for letters in range(980, 1000) if size(letters) <= 2040)
    assert call("requests", "refusal", edit(fits)) == ""
    assert "shorten the prompt" in call("requests", "refusal", edit(fits + 2))
