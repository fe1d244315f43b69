"""What is wrong with a request is said in one sentence, and nothing of it is kept."""

import os
import re

import pytest

from bridge.harness import running

TWICE = ("direction", 1, "amount", 0.5, "direction", 1, "amount", 1)


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """One for all that is refused, as nothing of it is kept."""
    with running(tmp_path_factory.mktemp("service")) as found:
        yield found


def refused(service, address, path, *settings):
    """The code and the sentence of the fail, after making sure that it is all there is."""
    peer = service.peer()
    peer.send(address, "r1", str(path), *settings)
    word, id, code, sentence = peer.next()
    assert (word, id) == ("fail", "r1")
    assert sentence.endswith(".") and "\n" not in sentence
    assert service.server._journal.counts() == {}
    peer.send("job", "r1")
    assert peer.next()[2] == "unknown_job"
    return code, sentence


@pytest.mark.parametrize("address", ["edit", "directions", "steer"])
@pytest.mark.parametrize(
    ("path", "settings", "code"),
    [
        ("/nowhere/a.wav", (), "no_such_file"),
        ("loop.wav", (), "bad_request"),
        ("", (), "bad_request"),
        ("{tmp}", (), "not_a_file"),
        ("/dev/zero", (), "not_a_file"),
        ("{tmp}/pipe", (), "not_a_file"),
        ("{tmp}/loop of links", (), "no_such_file"),
        ("\\\\server\\share\\a.wav", (), "outside_roots"),
        ("~nobody-of-this-name/a.wav", (), "no_such_file"),
        ("{clip}", ("output_folder", "/nowhere"), "no_such_folder"),
        ("{clip}", ("output_folder", "{clip}"), "no_such_folder"),
        ("{clip}", ("region_start", 10, "mask_start", 5), "bad_mask"),
        ("{clip}", ("model", "/nowhere/model"), "unknown_model"),
        ("{clip}", ("model", "{clip}"), "unknown_model"),
        ("{clip}", ("model", "./mine"), "bad_request"),
        ("{clip}", ("model", "../../etc"), "bad_request"),
        ("{clip}", ("model", "~nobody-of-this-name/mine"), "unknown_model"),
    ],
)
def test_a_clip_or_a_folder_that_cannot_be_used_is_named(service, clip, tmp_path, address, path, settings, code):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop of links").symlink_to(tmp_path / "loop of links")
    fill = {"tmp": tmp_path, "clip": clip}
    settings = [each.format(**fill) if isinstance(each, str) else each for each in settings]
    needs = {"edit": ("prompt", "strings"), "directions": (), "steer": ("direction", 1, "amount", 1)}
    assert refused(service, address, path.format(**fill), *needs[address], *settings)[0] == code


@pytest.mark.parametrize(
    ("address", "settings", "words"),
    [
        ("edit", ("prompt", ""), "The prompt is empty; say"),
        ("edit", (), "The prompt is empty; say"),
        ("edit", ("prompt", "strings", "strength", 1.5), "strength is '1.5'; it takes a number from 0 to 1"),
        ("edit", ("prompt", "strings", "strength", "much"), "strength is 'much'"),
        ("edit", ("prompt", "strings", "strength", float("nan")), "strength is 'nan'; it takes a number from 0 to 1"),
        ("edit", ("prompt", "strings", "steps", 2.5), "steps is '2.5'; it takes a whole number from 2 to 1000"),
        ("edit", ("prompt", "strings", "loudness", 1), "no parameter 'loudness'"),
        ("edit", ("prompt", "strings", "count", 2), "no parameter 'count' of edit"),
        ("edit", ("prompt", "strings", "variations", 2, "only", 3), "only is 3; this request has results 1 to 2"),
        ("edit", ("segments", "0-2 piano | 1-3 strings"), "segments: 0-2 and 1-3 overlap"),
        ("edit", ("segments", "0- piano | 1-3 strings"), "segments: 0- and 1-3 overlap"),
        ("edit", ("segments", "2-1 piano"), "segments: '2-1 piano' ends before it starts"),
        ("edit", ("segments", "0-2 piano strength=2"), "strength is '2'; it takes a number from 0 to 1"),
        ("edit", ("segments", "quietly"), "segments: 'quietly' is none; write START-END PROMPT"),
        ("directions", ("prompt", "strings"), "no parameter 'prompt' of directions"),
        ("directions", ("count", 0), "count is '0'; it takes a whole number from 1 to 16"),
        ("directions", ("count", 17), "count is '17'; it takes a whole number from 1 to 16"),
        ("directions", ("noise_level", 0.0), "noise_level is '0.0'; it takes a number from 0.05 to 1"),
        ("directions", ("noise_level", float("inf")), "noise_level is 'inf'; it takes a number from 0.05 to 1"),
        ("directions", ("noise_level", 0.5, "each_step", 1), "noise_level and each_step are both given"),
        ("directions", ("strength", 0.25, "strength_end", 0.5), "strength_end is 0.5; it takes a number below"),
        ("directions", ("strength", 0.5, "strength_end", 0.5), "strength_end is 0.5; it takes a number below"),
        ("directions", ("direction", 1, "amount", 1), "no parameter 'direction' of directions"),
        ("directions", ("count", 2, "only", 5), "only is 5; this request has results 1 to 4"),
        ("steer", (), "There is no direction to steer along; give one and an amount"),
        ("steer", ("strength", 0.5), "There is no direction to steer along; give one and an amount"),
        ("steer", ("direction", 4, "amount", 1), r"direction is 4; 3 are looked for \(count\), so it takes 1 to 3"),
        ("steer", ("direction", 3, "amount", 1, "count", 2), r"direction is 3; 2 are .* so it takes 1 to 2"),
        ("steer", ("direction", 0, "amount", 1), "direction is '0'; it takes a whole number from 1 to 16"),
        ("steer", ("direction", 17, "amount", 1), "direction is '17'; it takes a whole number from 1 to 16"),
        ("steer", ("direction", float("nan"), "amount", 1), "direction is 'nan'; it takes a whole number from 1"),
        ("steer", ("direction", 1, "amount", float("nan")), "amount is 'nan'; it takes a number from -1 to 1"),
        ("steer", ("direction", 1, "amount", "nan"), "amount is 'nan'; it takes a number from -1 to 1"),
        ("steer", ("direction", 1, "amount", "0,inf"), "amount is 'inf'; it takes a number from -1 to 1"),
        ("steer", ("direction", 1, "amount", 1.01), "amount is '1.01'; it takes a number from -1 to 1"),
        ("steer", ("direction", 1, "amount", "-2,0"), "amount is '-2'; it takes a number from -1 to 1"),
        ("steer", ("direction", 1, "amount", ""), "amount is ''; it takes a number from -1 to 1"),
        ("steer", ("direction", 1, "amount", "0,"), "amount is ''; it takes a number from -1 to 1"),
        ("steer", ("direction", 1, "amount"), "'amount' has no value"),
        ("steer", ("direction", 1, "strength", 0.5), "direction 1 has no amount; write direction K amount A"),
        ("steer", ("direction", 1), "direction 1 has no amount; write direction K amount A"),
        ("steer", ("amount", 1), "amount has no direction before it; write direction K amount A"),
        ("steer", TWICE, "direction 1 is given twice"),
        ("steer", ("direction", 1, "amount", "0,1", "direction", 2, "amount", "0,1,0"), "amount: every direction"),
        ("steer", ("direction", 1, "amount", 1, "strength", 0.1, "strength_end", 0.2), "strength_end is 0.2; it takes"),
        ("steer", ("direction", 1, "amount", 1, "variations", 2), "no parameter 'variations' of steer"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named_with_what_it_takes(service, clip, address, settings, words):
    code, sentence = refused(service, address, clip, *settings)
    assert code == "bad_request"
    assert re.search(words, sentence), sentence
