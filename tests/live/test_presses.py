"""What the buttons and knobs of the device do: what is asked for, and what is said when nothing can be."""

import pytest

from live.desk import CLIP, Desk, pairs
from live.editing import RATE
from live.host import Live
from live.scene import a_set, audio_clip, audio_track, midi_clip, midi_track


@pytest.fixture
def desk(tmp_path):
    with Desk(tmp_path) as desk:
        yield desk


def test_what_stands_at_auto_is_left_to_the_model(desk):
    desk.ask()
    assert pairs(desk.sent("edit")[0]) == {
        "prompt": "a flute",
        "seed": 0,
        "variations": 1,
        "region_start": 0,
        "region_frames": 4 * RATE,
        "output_folder": str(desk.folder),
        "output_subfolder": "Samples/Processed/Retone",
        "reply_port": desk.device.port,
    }


def test_what_is_set_is_sent_as_it_is_read_at_the_knobs(desk):
    desk.device.turn("Strength", "35 %")
    desk.device.turn("Guidance", "2.5")
    desk.device.turn("Seed", 99999)
    desk.device.turn("Variations", 16)
    desk.device.type("Model", "pocket", enter=True)
    desk.ask()
    sent = pairs(desk.sent("edit")[0])
    assert sent["strength"] == pytest.approx(0.35)
    assert (sent["guidance_scale"], sent["seed"], sent["variations"], sent["model"]) == (2.5, 99999, 16, "pocket")
    desk.device.turn("Strength", "0 %")
    desk.device.turn("Guidance", "50")
    desk.device.type("Model", "")
    desk.ask()
    sent = pairs(desk.sent("edit")[1])
    assert (sent["strength"], sent["guidance_scale"]) == (0, 50)
    assert "model" not in sent


def test_a_prompt_counts_though_enter_was_not_pressed(desk):
    desk.device.type("Prompt", "played by  strings,\nslowly")
    desk.ask()
    assert pairs(desk.sent("edit")[0])["prompt"] == "played by strings, slowly"


@pytest.mark.parametrize("word", ["bang", "set", "symbol", "list", "text", "808", "clear", "$1; a \\ b, c"])
def test_a_prompt_that_means_something_to_max_is_a_prompt(desk, word):
    desk.device.type("Prompt", word, enter=True)
    desk.ask()
    assert str(pairs(desk.sent("edit")[0])["prompt"]) == word


@pytest.mark.parametrize(
    ("shown", "prompt"),
    [
        ('"a soft flute"', "a soft flute"),
        ("a flute\\, softly\\; $1", "a flute, softly; $1"),
        ('a "soft" flute', 'a "soft" flute'),
        ('\\"soft\\" flute', '"soft" flute'),
        ('"', '"'),
    ],
)
def test_a_text_that_max_writes_out_as_its_own_symbol_is_taken_back(desk, shown, prompt):
    """Max may put what it gives back to a text field in quotes, and a backslash before its own signs."""
    desk.device.type("Prompt", shown, enter=True)
    desk.ask()
    assert pairs(desk.sent("edit")[0])["prompt"] == prompt


def test_a_prompt_is_asked_for(desk):
    desk.device.type("Prompt", " ")
    desk.device.press("Edit")
    assert desk.sent("edit") == []
    assert desk.status == "Type a prompt first: what the clip should sound like."
    desk.device.type("Prompt", "an organ")
    desk.ask()
    assert desk.status == "Edit of 'Loop 1': asking the service.", "what was said before it makes room"


def test_what_is_too_long_is_not_sent(desk):
    desk.device.type("Prompt", "ü" * 501)
    desk.device.press("Edit")
    assert desk.status == "The prompt has 501 characters, and may have 500: shorten it."
    desk.device.type("Prompt", "🎻" * 490)
    desk.device.press("Edit")
    assert desk.status.startswith("The prompt and the paths of clip and set are too long together: shorten the prompt")
    assert desk.sent("edit") == []


def test_no_clip_and_a_clip_of_notes_are_named(tmp_path):
    with Live(set=a_set(midi_track("Keys", [midi_clip("A tune")]))) as live:
        device = live.load()
        device.type("Prompt", "a flute")
        device.press("Edit")
        assert device.text("status") == "Select an audio clip: what it plays will be edited."
        assert device.text("clip") == "no audio clip selected"
        live.select(CLIP)
        live.advance(0.1)
        assert "'A tune' is a MIDI clip." in device.text("status")
        device.press("Edit")
        live.advance(1)
        assert [address for address, _ in device.sent if address == "/retone/edit"] == []


def test_a_clip_that_is_selected_at_last_is_what_is_spoken_of():
    clip = audio_clip("/music/loop.wav", frames=RATE, rate=RATE)
    with Live(set=a_set(audio_track("Drums", {3: clip}))) as live:
        device = live.load()
        device.control("Edit")
        assert device.text("status").startswith("Select an audio clip")
        live.select("live_set tracks 0 clip_slots 3 clip")
        live.advance(0.1)
        assert device.text("status") == "Type what the clip should sound like, then press Edit."


def test_what_happens_while_a_set_is_loaded_is_remembered_but_not_done(tmp_path):
    with Desk(tmp_path, loads=False, answers=False) as desk:
        desk.device = desk.live.load(values={"Prompt": "an organ", "Seed": 12, "Strength": "50 %"}, begin=False)
        desk.device.press("Edit")
        desk.device.press("New Seed")
        desk.live.advance(2)
        assert desk.device.sent == []
        desk.device.begin()
        desk.live.select(CLIP)
        desk.live.advance(1)
        desk.welcome()
        assert desk.sent("edit") == []
        assert desk.device.value("Seed") == 12
        desk.ask()
        sent = pairs(desk.sent("edit")[0])
        assert (sent["prompt"], sent["seed"], sent["strength"]) == ("an organ", 12, 0.5)
        desk.device.begin()
        assert len(desk.sent("here")) == 1, "it was ready before"


def test_a_new_seed_is_one_step_that_the_user_finds(desk):
    before = desk.live.undo_steps
    seeds = set()
    for _ in range(4):
        desk.device.press("New Seed")
        seeds.add(desk.device.value("Seed"))
    assert len(seeds) > 1
    assert all(seed == int(seed) and 0 <= seed <= 99999 for seed in seeds)
    assert desk.live.undo_steps - before <= 4
    desk.ask()
    assert pairs(desk.sent("edit")[0])["seed"] == desk.device.value("Seed")


def test_an_unsaved_set_has_its_file_from_the_service_and_a_hint(tmp_path):
    with Desk(tmp_path, saved=False) as desk:
        id = desk.ask()
        assert "output_folder" not in pairs(desk.sent("edit")[0])
        desk.finish(id)
        assert desk.status.startswith("On track 'Drums · Retone', scene 1. The set is not saved: save it, then File > ")
        desk.live.save(tmp_path / "Now saved.als")
        desk.ask()
        assert pairs(desk.sent("edit")[1])["output_folder"] == str(tmp_path)


def test_an_old_live_shows_where_the_file_is(tmp_path):
    with Desk(tmp_path, version="12.0.0") as desk:
        id = desk.ask()
        desk.finish(id)
        assert desk.live.tracks() == ["Drums"]
        assert desk.status.startswith("…")
        assert desk.status.endswith(
            f"{id}-1.wav: drag it from the folder that Show File opens. "
            "Live 12.0.0 lets no device insert audio; 12.0.5 does."
        )
        assert desk.sent("received") == [[id]]
        desk.device.press("Show File")
        assert desk.live.launched == [tmp_path.as_uri()]


def test_show_file_opens_the_folder_of_the_last_result(tmp_path):
    with Desk(tmp_path) as desk:
        desk.device.press("Show File")
        assert desk.status == "There is no result yet whose folder could be opened."
        id = desk.ask()
        desk.hear("result", id, 1, "C:\\Users\\mé\\My Sets\\loop.wav")
        desk.hear("done", id, 1, "C:\\Users\\mé\\My Sets\\loop.wav")
        desk.device.press("Show File")
        assert desk.live.launched == ["C:\\Users\\mé\\My Sets"]
        assert desk.status == "The result lies in C:\\Users\\mé\\My Sets"
        desk.finish(desk.ask())
        desk.device.press("Show File")
        assert desk.live.launched[1:] == [tmp_path.as_uri()]


def test_a_tab_shows_its_boxes_and_says_what_to_press(desk):
    def seen():
        return {name.split("_")[0] for name in desk.device.visible()}

    assert "edit" in seen()
    assert not {"directions", "setup"} & seen()
    desk.device.turn("Tab", "Directions")
    assert "directions" in seen()
    assert not {"edit", "setup"} & seen()
    assert desk.status == "Press Find: it looks for directions along which this clip may vary."
    desk.device.turn("Tab", "Setup")
    assert "setup" in seen()
    assert {"status", "cancel"} <= set(desk.device.visible()), "these are always seen"


def test_the_tab_that_a_set_was_saved_with_is_shown_when_it_is_loaded(tmp_path):
    with Desk(tmp_path, loads=False, answers=False) as desk:
        device = desk.live.load(values={"Tab": "Setup"})
        assert not [name for name in device.visible() if name.startswith(("edit_", "directions_"))]


def test_the_clip_is_named_anew_when_it_changes(desk):
    assert desk.device.text("clip") == "Loop 1 · 4.00 s · Session"
    desk.live.set(CLIP, "name", "Break")
    desk.live.set(CLIP, "loop_end", 1.5)
    desk.advance(2)
    assert desk.device.text("clip") == "Break · 1.50 s · Session"
