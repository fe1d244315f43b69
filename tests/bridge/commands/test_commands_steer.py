"""retone steer, and what an edit takes besides one prompt; with an engine that follows a script."""

import pytest

from bridge.command_line import NO_SERVICE, files


def pushes(request):
    return [(push["direction"], push["amounts"]) for push in request["pushes"]]


def test_pushes_reach_the_engine_in_their_order(retone, where, clip):
    along = ("--direction", 2, "--amount", -0.5, "--direction", 1, "--amount", 0.25)
    status, out, err = retone("steer", clip, *along, "--set", "count=5", "--strength", 0.4, *where)
    assert status == 0, err
    assert out.splitlines() == [str(clip.parent / "My loop-retone.wav"), str(clip.parent / "My loop-retone.png")]
    assert files(clip.parent) == ["My loop-retone.png", "My loop-retone.wav", "My loop.wav"]
    (asked,) = retone.requests
    assert (asked["kind"], asked["count"], asked["strength"]) == ("steer", 5, pytest.approx(0.4))
    assert pushes(asked) == [(2, [-0.5]), (1, [0.25])]


@pytest.mark.parametrize("amounts", [("-1,-0.5,.5",), ("-.5, 0.5, 1",), ("1,0,-1",)])
def test_several_amounts_give_several_results(retone, where, clip, amounts):
    along = ("--direction", 1, "--amount", *amounts, "--direction", 3, "--amount", 1)
    status, out, err = retone("steer", clip, *along, "-o", clip.parent / "new.wav", "--no-picture", *where)
    assert status == 0, err
    assert [name for name in files(clip.parent) if name.startswith("new")] == ["new-1.wav", "new-2.wav", "new-3.wav"]
    assert len(out.splitlines()) == 3
    (asked,) = retone.requests
    assert pushes(asked) == [(1, [float(amount) for amount in amounts[0].split(",")]), (3, [1.0])]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "There is no direction to steer along"),
        (("--direction", "1"), "direction 1 has no amount"),
        (("--amount", "1"), "amount has no direction before it"),
        (("--amount", "1", "--direction", "1"), "amount has no direction before it"),
        (("--direction", "1", "--direction", "2", "--amount", "1"), "direction 1 has no amount"),
        (("--direction", "1", "--amount", "0.1", "--amount", "1"), "amount has no direction before it"),
        (("--direction", "1", "--amount", "1.5"), "amount is '1.5'; it takes a number from -1 to 1"),
        (("--direction", "1", "--amount", "0.5,,1"), "amount is ''"),
        (("--direction", "0", "--amount", "1"), "direction is '0'"),
        (("--direction", "4", "--amount", "1"), "it takes 1 to 3"),
        (("--direction", "1", "--amount", "1", "--direction", "1", "--amount", "1"), "given twice"),
        (("--direction", "1", "--amount", "-1,1", "--direction", "2", "--amount", "-1,0,1"), "as many as the others"),
        (("--direction", "1", "--amount", "1", "--set", "variations=2"), "no parameter 'variations' of steer"),
        (("--direction", "1", "--amount"), "expected one argument"),
        (("--direction", "1", "--amount", "1", "strings"), "unrecognized arguments: strings"),
    ],
)
def test_a_fault_is_one_clear_line(retone, clip, arguments, words):
    status, out, err = retone("steer", clip, *arguments, *NO_SERVICE)
    assert (status, out) == (2, "")
    assert words in err.splitlines()[-1]
    assert files(clip.parent) == ["My loop.wav"]


def test_an_edit_over_time_needs_no_prompt(retone, where, clip):
    segments = "0-0.05 a flute | 0.05- church organ strength=0.4 guidance_scale=3"
    status, _, err = retone("edit", clip, "--segments", segments, "--no-picture", *where)
    assert status == 0, err
    (asked,) = retone.requests
    assert (asked["prompt"], asked["segments"]) == ("", segments)


@pytest.mark.parametrize(
    "arguments",
    [("{clip}", "strings", "--seed", "3"), ("{clip}", "--seed", "3", "strings"), ("--seed", "3", "{clip}", "strings")],
)
def test_a_prompt_may_stand_before_or_behind_options(retone, clip, arguments):
    filled = [each.format(clip=clip) for each in arguments]
    assert retone("edit", *filled, "--no-picture", *NO_SERVICE)[0] == 0
    (asked,) = retone.requests
    assert (asked["prompt"], asked["seed"]) == ("strings", 3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--segments", "0-1"), "segments: '0-1' is none"),
        (("--segments", "0-2 a | 1-3 b"), "overlap"),
        (("strings", "--set", "prompt=choir"), "prompt is given twice"),
        (("--seed", "1", "strings", "choir"), "unrecognized arguments"),
        (("strings", "choir"), "unrecognized arguments: choir"),
        (("--set", "count=3", "strings"), "no parameter 'count' of edit"),
    ],
)
def test_an_edit_that_cannot_be_is_refused(retone, clip, arguments, words):
    status, out, err = retone("edit", clip, *arguments, *NO_SERVICE)
    assert (status, out) == (2, "")
    assert words in err.splitlines()[-1]
