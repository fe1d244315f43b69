"""Dialogs of fields: any text goes through, and what is wrong is asked for again with what was typed."""

import pytest

from reaper.fake import Reaper
from reaper.scene import both_luas

ASK = """
local check, dialog = require("retone.check"), require("retone.dialog")
local fields = {
  dialog.field("prompt", "Prompt, or so", check.text, ""),
  dialog.field("strength", "Strength", check.number(0, 1, true), "auto"),
  dialog.field("seed", "Seed", check.whole(0, 2147483647), "0"),
  dialog.field("mute", "Mute", check.yes_no, "no"),
}
return dialog.ask("Retone", fields, ...)
"""


@pytest.fixture
def reaper(tmp_path):
    return Reaper(tmp_path)


def asked(reaper, **values):
    return reaper.lua_values(ASK, values or {"none": "x"})


@both_luas
def test_what_is_typed_comes_out_as_it_is(tmp_path, lua):
    reaper = Reaper(tmp_path, lua=lua)
    prompt = "a \"flute\", 'high', 100 % ünï 漢字=x"
    reaper.answer_inputs(prompt=prompt, strength="0.4", seed="12", mute="yes")
    assert asked(reaper) == {"prompt": prompt, "strength": "0.4", "seed": "12", "mute": "yes"}


def test_closing_it_gives_nothing(reaper):
    reaper.cancel_inputs()
    assert asked(reaper) is None


def test_what_reaper_cuts_off_is_asked_for_again(reaper):
    reaper.dialogs.cut_at = 40
    reaper.answer_inputs(prompt="x" * 60)
    reaper.answer_message("ok", containing="too long")
    reaper.answer_inputs(prompt="a flute", seed="7")
    assert asked(reaper) == {"prompt": "a flute", "strength": "auto", "seed": "7", "mute": "no"}


def test_last_values_stand_in_it_and_a_pasted_line_break_ends_none(reaper):
    reaper.answer_inputs()
    found = asked(reaper, prompt="two\nlines, really", strength="0.5")
    assert found == {"prompt": "two lines, really", "strength": "0.5", "seed": "0", "mute": "no"}


@both_luas
@pytest.mark.parametrize("prompt", ["a singer's", 'a 12" drum', "a (b", "b) a", "a (b) 'c' \"d\"", "\u2019 and \u201d"])
def test_quotes_and_brackets_that_reaper_would_stumble_over_come_back_as_they_were(tmp_path, lua, prompt):
    """The fake refuses what REAPER cannot part into fields."""
    reaper = Reaper(tmp_path, lua=lua)
    reaper.answer_inputs()
    assert asked(reaper, prompt=prompt)["prompt"] == prompt
    reaper.answer_inputs(prompt=prompt)
    assert asked(reaper, prompt="x")["prompt"] == prompt


def test_what_is_wrong_is_said_and_asked_again_with_what_was_typed(reaper):
    reaper.answer_inputs(prompt="a flute", strength="7")
    reaper.answer_message("ok", containing="Strength: please give a number from 0 to 1, or auto")
    reaper.answer_inputs(strength="0,7")
    assert asked(reaper) == {"prompt": "a flute", "strength": "0.7", "seed": "0", "mute": "no"}
    assert reaper.dialogs.inputs_shown[1].values == ["a flute", "7", "0", "no"]


CHECKS = [
    ("number(0, 1, true)", " AUTO ", "auto"),
    ("number(0, 1, true)", "", "auto"),
    ("number(0, 1, true)", ".5", ".5"),
    ("number(0, 1, true)", "1e3", None),
    ("number(0, 1, true)", "0x1", None),
    ("number(0, 1, true)", "nan", None),
    ("number(0, 1, true)", "-0.1", None),
    ("number(0.05, 1)", "auto", None),
    ("whole(1, 16)", "16", "16"),
    ("whole(1, 16)", "2.0", "2"),
    ("whole(1, 16)", "2.5", None),
    ("whole(1, 16)", "17", None),
    ("whole(1, 16)", "", None),
    ("yes_no", "Y", "yes"),
    ("yes_no", "", "no"),
    ("yes_no", "maybe", None),
    ("name", "", "auto"),
    ("name", " pocket ", "pocket"),
    ("text", "  ", None),
    ("amounts", "-1, -0.5,0.5 ,1", "-1,-0.5,0.5,1"),
    ("amounts", "0.5", "0.5"),
    ("amounts", "2", None),
    ("amounts", "1,,1", None),
    ("amounts", "", None),
    ("pushes", " 1=0.5  3=-0.8 ", "1=0.5 3=-0.8"),
    ("pushes", "", ""),
    ("pushes", "0=0.5", None),
    ("pushes", "1=2", None),
    ("pushes", "1:0.5", None),
]


@pytest.mark.parametrize(("check", "typed", "sent"), CHECKS)
def test_what_a_field_takes(reaper, check, typed, sent):
    code = f'local text, why = require("retone.check").{check}'
    found = reaper.lua_values(f"{code}(...) return text or false, why or false", typed)
    assert found[0] == (sent if sent is not None else False)
    assert (found[1] is False) == (sent is not None)


def test_a_prompt_may_be_the_word_that_stands_for_no_value_elsewhere(tmp_path):
    add = """
    local pairs_of, typed = {}, { prompt = "auto", strength = "auto", seed = "3" }
    require("retone.form").add(pairs_of, typed, { "prompt", "strength", "seed" })
    return pairs_of
    """
    assert Reaper(tmp_path).lua_values(add) == ["prompt", "auto", "seed", "3"]
