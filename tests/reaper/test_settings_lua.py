"""Presets in the dialog: kept by the service, chosen by name, replaced only when the user says so."""

import pytest

from reaper.scene import EDIT, close, edit, noise, saved, until_landed


@pytest.fixture
def reaper(tmp_path, home):
    reaper = saved(tmp_path, home=home)
    reaper.project.add_track("Piano").add_item(noise(tmp_path / "loop.wav")).select()
    return reaper


def ask(reaper, *answers):
    """Runs the edit action through these dialogs, and closes its window."""
    for answer in answers:
        reaper.answer_inputs(**answer)
    steps = len(reaper.project.undo.names)
    run = reaper.run(EDIT)
    until_landed(reaper, steps + 1)
    close(reaper, run)
    return run


def shown(reaper, number=-1):
    dialog = reaper.dialogs.inputs_shown[number]
    return dict(zip(dialog.captions, dialog.values, strict=True))


def test_a_preset_is_saved_and_fills_the_dialog_when_it_is_chosen(reaper):
    name = 'warm "and" höh, soft :)'
    ask(reaper, {"prompt": "a warm, soft flute", "strength": "0.3", "seed": "9", "save_as": name})
    ask(reaper, {"prompt": "something else", "strength": "0.9", "preset": ""})
    ask(reaper, {"preset": name}, {})
    caption = next(caption for caption in shown(reaper) if caption.startswith("Preset"))
    assert caption == "Preset (warm and höh  soft :)"
    assert list(shown(reaper).values())[:3] == ["a warm, soft flute", "0.3", "9"]
    assert reaper.project.undo.names[-1] == "Retone: a warm, soft flute (1 item)"


def test_a_chosen_preset_is_not_fetched_again_when_the_dialog_comes_up_with_it(reaper):
    ask(reaper, {"prompt": "a flute", "strength": "0.3", "save_as": "once"})
    dialogs = len(reaper.dialogs.inputs_shown)
    ask(reaper, {"strength": "0.5"})
    assert len(reaper.dialogs.inputs_shown) == dialogs + 1


def test_replacing_a_preset_is_asked_about(reaper):
    ask(reaper, {"prompt": "old", "save_as": "mine"})
    reaper.answer_inputs(prompt="new", save_as="mine")
    reaper.answer_message("no", containing='There is a preset "mine" already')
    reaper.answer_inputs(prompt="new", save_as="mine")
    reaper.answer_message("yes", containing='There is a preset "mine" already')
    run = reaper.run(EDIT)
    until_landed(reaper, 2)
    close(reaper, run)
    ask(reaper, {"prompt": "other", "preset": ""})
    ask(reaper, {"preset": "mine"}, {})
    assert shown(reaper)["Prompt"] == "new"


def test_an_unknown_preset_is_said_and_what_was_typed_stays(reaper):
    reaper.answer_inputs(prompt="a flute", preset="nobody's")
    reaper.answer_message("ok", containing="nobody's")
    reaper.answer_inputs(preset="")
    run = reaper.run(EDIT)
    until_landed(reaper)
    close(reaper, run)
    assert reaper.project.undo.names == ["Retone: a flute (1 item)"]


def test_what_a_preset_holds_beside_the_dialogs_fields_is_sent_too(reaper):
    keep = 'require("retone.loop").start(function(self) self:ask("/retone/preset/save", '
    pairs = '{ "guided", 1, "prompt", "a flute", "guidance_scale", "3" }, "/retone/ack", function() end) end)'
    run = reaper.lua_run(keep + pairs)
    reaper.until(lambda: run.ended)
    reaper.answer_inputs(preset="guided", prompt="x")
    reaper.answer_inputs(prompt="late")
    run = reaper.run(EDIT)
    batches = 'return require("retone.ledger").batches()'
    reaper.until(lambda: reaper.lua_values(batches))
    request = reaper.lua_values(batches)[0]["request"]
    assert dict(zip(request[::2], request[1::2], strict=True))["guidance_scale"] == "3"
    until_landed(reaper)
    close(reaper, run)


def test_a_seed_that_was_not_used_yet_follows_the_last_variation_and_begins_anew_at_the_end(reaper):
    edit(reaper, seed="2147483646", variations="3")
    run = reaper.run("Retone - new seed")
    until_landed(reaper, 2)
    reaper.until(lambda: run.ended)
    assert reaper.lua_values('return require("retone.settings").last("edit").seed') == "1"
