"""Directions in the device: Find names the knobs, Steer goes along them."""

import pytest

from live.desk import CLIP, Desk, pairs
from live.editing import RATE


@pytest.fixture
def desk(tmp_path):
    with Desk(tmp_path) as desk:
        yield desk


def found(desk, *, count=2):
    """Lets the service find directions."""
    id = desk.ask("Find", "directions")
    for number in range(1, count + 1):
        desk.hear("direction", id, number, 0.34 / number, RATE * number, RATE // 2, 100.0, 2000.0)
    desk.finish(id, 2 * count)
    return id


def test_find_names_the_knobs_and_says_what_to_do(desk):
    desk.device.turn("Count", 2)
    desk.device.turn("Noise Level", "40 %")
    id = found(desk)
    sent = pairs(desk.sent("directions")[0])
    assert (sent["count"], sent["noise_level"], sent["seed"]) == (2, pytest.approx(0.4), 0)
    assert [desk.device.text(f"direction{number}") for number in (1, 2, 3)] == [
        "34 % 1.0-1.5 s 100-2000 Hz",
        "17 % 2.0-2.5 s 100-2000 Hz",
        "",
    ]
    assert desk.status == (
        "2 directions found. Turn the knobs, then press Steer. Show File opens previews of both ways along each."
    )
    assert desk.landed() == [], "previews are not landed"
    assert desk.sent("received") == [[id]]
    desk.device.press("Show File")
    assert desk.live.launched == [desk.folder.as_uri()]


def test_what_is_shown_costs_the_user_no_undo_step(desk):
    before = desk.live.undo_steps
    found(desk)
    desk.hear("progress", desk.ask(), 0.5, "replay", 3.0)
    desk.advance(20)
    assert desk.live.undo_steps == before


def test_find_hears_a_direction_that_was_lost(desk):
    id = desk.ask("Find", "directions")
    paths = desk.make(id, 2)
    desk.hear("done", id, 2, paths[0])
    desk.live.advance(0.2)
    assert desk.sent("job") == [[id, desk.device.port]]
    desk.hear("direction", id, 1, 0.5, 0, RATE, 100.0, 2000.0)
    desk.hear("done", id, 2, paths[0])
    assert desk.status.startswith("1 direction found.")


def test_a_direction_that_never_comes_is_not_waited_for(desk):
    id = desk.ask("Find", "directions")
    paths = desk.make(id, 2)
    for _ in range(7):
        desk.hear("done", id, 2, paths[0])
        desk.advance(1)
    assert len(desk.sent("job")) == 5
    assert desk.status.startswith("1 direction found.")


def test_a_search_that_failed_is_not_what_steer_goes_by(desk):
    id = desk.ask("Find", "directions")
    desk.hear("fail", id, "cancelled", "The job was cancelled.")
    desk.device.turn("Seed", 8)
    desk.device.turn("Direction 1", 0.5)
    desk.ask("Steer", "steer")
    assert pairs(desk.sent("steer")[0], 6)["seed"] == 8


def test_the_knobs_are_named_for_the_clip_that_was_searched(desk):
    found(desk)
    desk.finish(desk.ask())
    desk.live.select("live_set tracks 1 clip_slots 0 clip")
    desk.advance(1)
    assert desk.device.text("clip").startswith("Loop 1 · a flute")
    assert desk.device.text("direction1") == ""
    desk.live.select(CLIP)
    desk.advance(1)
    assert desk.device.text("direction1") != ""


def test_steer_goes_along_the_directions_that_were_found(desk):
    desk.device.turn("Count", 2)
    desk.device.turn("Noise Level", "40 %")
    desk.device.turn("Seed", 7)
    found(desk)
    desk.device.turn("Count", 6)
    desk.device.turn("Noise Level", "auto")
    desk.device.turn("Seed", 8)
    desk.device.turn("Direction 2", -0.5)
    desk.device.turn("Direction 3", 1)
    id = desk.ask("Steer", "steer")
    request = desk.sent("steer")[0]
    assert request[2:6] == ["direction", 2, "amount", -0.5]
    sent = pairs(request, 6)
    assert (sent["count"], sent["noise_level"], sent["seed"]) == (2, pytest.approx(0.4), 7)
    assert "direction" not in sent, "the third was not looked for"
    desk.finish(id)
    assert desk.landed() == ["Loop 1 · direction 2 -0.50"]


def test_another_model_has_other_directions(desk):
    found(desk)
    desk.device.turn("Seed", 8)
    desk.device.turn("Direction 1", 0.5)
    desk.device.type("Model", "other", enter=True)
    assert desk.device.text("direction1") == ""
    desk.ask("Steer", "steer")
    assert pairs(desk.sent("steer")[0], 6)["seed"] == 8


def test_another_part_of_the_clip_has_other_directions(desk):
    found(desk)
    desk.device.turn("Seed", 8)
    desk.device.turn("Direction 1", 0.5)
    desk.live.set(CLIP, "loop_end", 2)
    desk.advance(2)
    assert desk.device.text("direction1") == ""
    desk.ask("Steer", "steer")
    assert pairs(desk.sent("steer")[0], 6)["seed"] == 8


def test_each_part_of_the_clip_keeps_its_own_search(desk):
    desk.device.turn("Direction 1", 0.5)
    for seed, end in ((7, 4), (8, 2)):
        desk.device.turn("Seed", seed)
        desk.live.set(CLIP, "loop_end", end)
        found(desk)
    desk.live.set(CLIP, "loop_end", 4)
    desk.ask("Steer", "steer")
    assert pairs(desk.sent("steer")[0], 6)["seed"] == 7


def test_steer_without_a_search_takes_what_is_set(desk):
    desk.device.turn("Direction 1", 0.25)
    desk.device.turn("Direction 3", -1)
    desk.device.turn("Direction 4", -1)
    id = desk.ask("Steer", "steer")
    request = desk.sent("steer")[0]
    assert request[2:10] == ["direction", 1, "amount", 0.25, "direction", 3, "amount", -1]
    assert pairs(request, 10)["count"] == 3
    desk.finish(id)
    assert desk.landed() == ["Loop 1 · direction 1 +0.25, 3 -1.00"]


def test_steer_says_that_all_amounts_are_0(desk):
    desk.device.turn("Direction 4", 0.5)
    desk.device.press("Steer")
    assert desk.sent("steer") == []
    assert desk.status == "Turn a knob first: the amounts of directions 1 to 3 are all 0."
