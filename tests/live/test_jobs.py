"""A job of the device from the press to its end, whatever gets lost between it and the service."""

import pytest

from live.desk import Desk


@pytest.fixture
def desk(tmp_path):
    with Desk(tmp_path) as desk:
        yield desk


def test_an_edit_is_asked_for_until_the_service_has_it(desk):
    id = desk.ask()
    counts = []
    for seconds in (0.2, 0.2, 0.6, 1, 2, 4, 4):
        desk.advance(seconds)
        counts.append(len(desk.sent("edit")))
    assert counts == [1, 2, 3, 4, 5, 6, 7], "after 0.25, 0.5, 1, 2 and 4 seconds, and every 4 seconds then"
    assert desk.status == "Edit of 'Loop 1': asking the service."
    assert all(request == desk.sent("edit")[0] for request in desk.sent("edit"))
    desk.hear("ack", id)
    desk.advance(4.9)
    assert len(desk.sent("edit")) == 7
    assert desk.status == "Edit of 'Loop 1': waits."


def test_its_way_is_shown_and_its_end_is_landed_before_it_is_confirmed(desk):
    id = desk.ask()
    desk.hear("ack", id)
    desk.hear("queued", id, 2)
    assert desk.status == "Edit of 'Loop 1': waits, number 2 in the queue."
    desk.hear("queued", id, 0)
    desk.hear("progress", id, 0.25, "invert", 62.0)
    assert desk.status == "Edit of 'Loop 1': inverting, 1:02 left."
    assert (desk.device.text("time"), desk.device.bar) == ("inverting, 1:02 left", 0.25)
    (path,) = desk.make(id)
    assert desk.sent("received") == []
    desk.hear("done", id, 1, path)
    desk.live.advance(3)
    assert desk.landed() == ["Loop 1 · a flute"]
    assert desk.sent("received") == [[id]]
    assert desk.status == "On track 'Drums · Retone', scene 1."
    assert (desk.device.text("time"), desk.device.bar) == ("", -1)
    # How it ended stands in Max's window, too; what came before does not.
    assert desk.live.console == ["Retone: On track 'Drums · Retone', scene 1."]


def test_a_done_that_is_told_again_lands_once_and_is_confirmed_again(desk):
    id = desk.ask()
    (path,) = desk.finish(id)
    desk.hear("done", id, 1, path)
    desk.live.advance(3)
    assert desk.landed() == ["Loop 1 · a flute"]
    assert desk.sent("received") == [[id], [id]]


def test_results_that_were_lost_are_asked_for(desk):
    id = desk.ask()
    desk.hear("ack", id)
    desk.hear("done", id, 2, "/music/lost.wav")
    desk.live.advance(0.2)
    assert desk.sent("job") == [[id, desk.device.port]]
    assert desk.landed() == []
    for _ in range(3):
        desk.hear("done", id, 2, "/music/lost.wav")
    desk.live.advance(0.2)
    assert len(desk.sent("job")) == 1, "a done that is told again is no reason to hurry"
    desk.finish(id, 2)
    assert desk.landed() == ["Loop 1 · a flute 1", "Loop 1 · a flute 2"]


def test_a_busy_service_is_asked_again_when_it_said(desk):
    id = desk.ask()
    desk.hear("busy", id, 3000)
    assert "too many jobs wait already" in desk.status
    desk.advance(2.8)
    assert len(desk.sent("edit")) == 1
    desk.advance(0.4)
    assert [request[0] for request in desk.sent("edit")] == [id, id]
    desk.advance(0.2)
    assert len(desk.sent("edit")) == 3, "this one may be lost as well as the first"


def test_a_fail_is_told_in_the_services_own_words(desk):
    id = desk.ask()
    desk.hear("ack", id)
    desk.hear("fail", id, "disk_full", "The disk is full: make room and ask again.")
    assert desk.status == "The disk is full: make room and ask again."
    assert desk.sent("received") == [[id]]
    desk.hear("fail", id, "disk_full", "The disk is full: make room and ask again.")
    assert desk.sent("received") == [[id], [id]]


def test_what_has_no_room_stands_whole_in_maxs_window(desk):
    id = desk.ask()
    sentence = " ".join(["This is long."] * 20)
    desk.hear("warning", id, "level", sentence)
    for seconds in range(10, 0, -1):
        desk.hear("progress", id, 0.5, "replay", seconds)
    assert desk.live.console == [], "it does not count the seconds there"
    desk.hear("fail", id, "internal", sentence)
    assert len(desk.status) == 160
    assert desk.status.endswith("…")
    assert desk.live.console == [f"Retone: {sentence} {sentence}"]


def test_a_service_that_forgot_the_job_is_asked_for_it_anew(desk):
    id = desk.ask()
    desk.hear("ack", id)
    desk.advance(5.2)
    assert desk.sent("job") == [[id, desk.device.port]], "nothing was heard of it for a while"
    desk.hear("fail", id, "unknown_job", "No job of this id is known.")
    desk.advance(0.2)
    assert [request[0] for request in desk.sent("edit")] == [id, id]
    assert desk.landed() == []
    desk.finish(id)
    assert desk.landed() == ["Loop 1 · a flute"]


def test_a_service_that_was_started_again_is_asked_for_all_that_has_not_ended(desk):
    desk.tell_status(uptime=500)
    kept, asked = desk.ask(), None
    desk.hear("ack", kept)
    desk.device.type("Prompt", "an organ")
    asked = desk.ask()
    desk.tell_status(uptime=2)
    desk.live.advance(0.1)
    assert desk.sent("job") == [[kept, desk.device.port]]
    assert [request[0] for request in desk.sent("edit")][1:] == [asked, asked]


def test_two_presses_in_a_moment_are_one_job(desk):
    id = desk.ask()
    desk.device.press("Edit")
    assert len(desk.sent("edit")) == 1
    desk.hear("ack", id)
    assert desk.ask() != id, "the second one was meant"


def test_another_setting_is_another_job(desk):
    desk.ask()
    desk.device.turn("Seed", 5)
    desk.ask()
    assert desk.status == "Edit of 'Loop 1': asking the service (and 1 more job)."


def test_results_that_come_together_land_one_after_another_over_nothing(desk):
    first = desk.ask()
    desk.device.turn("Seed", 5)
    second = desk.ask()
    for id in (second, first):
        (path,) = desk.make(id)
        desk.hear("done", id, 1, path)
    desk.live.advance(5)
    assert desk.landed() == ["Loop 1 · a flute", "Loop 1 · a flute"]
    assert desk.sent("received") == [[second], [first]]
    assert desk.live.tracks() == ["Drums", "Drums · Retone"]


def test_a_warning_is_shown_at_once_and_beside_the_end(desk):
    id = desk.ask()
    desk.hear("warning", id, "unknown_words", "The prompt holds no word that the model knows.")
    desk.hear("warning", id, "unknown_words", "The prompt holds no word that the model knows.")
    assert desk.status == "Edit of 'Loop 1': waits. The prompt holds no word that the model knows."
    desk.finish(id)
    assert desk.status == ("On track 'Drums · Retone', scene 1. The prompt holds no word that the model knows.")


def test_what_is_no_job_of_ours_is_not_heard(desk):
    before = desk.status
    desk.hear("progress", "m000000000000", 0.5, "replay", 3.0)
    desk.hear("done", "m000000000000", 1, "/music/other.wav")
    desk.live.advance(3)
    assert desk.status == before
    assert (desk.sent("received"), desk.landed()) == ([], [])


def test_a_result_that_live_does_not_take_is_shown_where_it_lies(desk):
    id = desk.ask()
    desk.hear("result", id, 1, "/music/gone.wav")
    desk.hear("done", id, 1, "/music/gone.wav")
    desk.live.advance(3)
    assert desk.status == ("Live did not take the file. /music/gone.wav: drag it from the folder that Show File opens.")
    assert desk.sent("received") == [[id]]


def test_the_source_is_muted_where_this_is_switched_on(desk):
    desk.device.press("Mute Source")
    desk.finish(desk.ask())
    assert desk.live.get("live_set tracks 0", "mute") == 1


def test_a_job_of_which_only_its_progress_is_heard_is_not_asked_for_again(desk):
    id = desk.ask()
    desk.hear("progress", id, 0.1, "load", -1.0)
    desk.advance(4)
    assert len(desk.sent("edit")) == 1


def test_of_several_jobs_the_one_that_failed_is_named(desk):
    failed = desk.ask()
    desk.device.turn("Seed", 5)
    desk.ask()
    desk.hear("fail", failed, "clip_changed", "The clip is no longer the file that was asked for.")
    assert desk.status == "'Loop 1': The clip is no longer the file that was asked for."


def test_a_job_that_nobody_keeps_is_given_up(desk):
    id = desk.ask()
    for _ in range(6):
        desk.hear("fail", id, "unknown_job", "No job of this id is known.")
        desk.advance(0.2)
    assert len(desk.sent("edit")) == 6
    assert desk.status == "No job of this id is known."


def test_ends_of_one_moment_are_told_one_after_the_other(desk):
    first = desk.ask()
    desk.hear("ack", first)
    desk.device.turn("Seed", 5)
    second = desk.ask()
    desk.hear("fail", first, "disk_full", "The disk is full.")
    desk.hear("fail", second, "out_of_memory", "The device has too little memory.")
    assert desk.status == "'Loop 1': The disk is full."
    desk.advance(2.5)
    assert desk.status == "'Loop 1': The disk is full."
    desk.advance(1)
    assert desk.status == "The device has too little memory."
    assert desk.live.console == [
        "Retone: 'Loop 1': The disk is full.",
        "Retone: The device has too little memory.",
    ]


def test_what_several_ends_have_in_common_is_told_once(desk):
    jobs = []
    for seed in range(1, 5):
        desk.device.turn("Seed", seed)
        jobs.append(desk.ask())
    for id, sentence in zip(jobs, ("It is full.", "It is small.", "It is small.", "It is gone."), strict=True):
        desk.hear("fail", id, "internal", sentence)
    desk.advance(3.2)
    assert desk.status == "'Loop 1': It is small."
    desk.advance(3.2)
    assert desk.status == "It is gone."


def test_an_end_without_a_reason_is_told_all_the_same(desk):
    desk.hear("fail", desk.ask())
    assert desk.status == "The service made nothing of it, and says no reason."


def test_a_service_is_asked_again_at_a_sane_time_whatever_it_says(desk):
    hurried = desk.ask()
    for _ in range(50):
        desk.hear("busy", hurried, -1e9)
    assert len(desk.sent("edit")) == 1
    desk.hear("ack", hurried)
    desk.device.turn("Seed", 5)
    slow = desk.ask()
    desk.hear("busy", slow, 1e12)
    desk.advance(29)
    assert len(desk.sent("edit")) == 2
    desk.advance(1.2)
    assert [request[0] for request in desk.sent("edit")[2:]] == [slow] * (len(desk.sent("edit")) - 2) != []


def test_what_is_over_when_the_job_is_done_is_not_said_of_its_end(desk):
    id = desk.ask()
    desk.hear("warning", id, "unknown_words", "No word of it is known.")
    desk.hear("warning", id, "begun_again", "The engine died. The job is begun once more.")
    desk.hear("progress", id, 0.25, "replay", 0.2)
    begun = "The engine died. The job is begun once more."
    assert desk.status == f"Edit of 'Loop 1': editing. No word of it is known. {begun}"
    desk.finish(id)
    assert desk.status == "On track 'Drums · Retone', scene 1. No word of it is known."


def test_the_answer_to_a_press_goes_and_the_end_of_a_job_stays(desk):
    desk.device.press("Cancel")
    desk.advance(5.5)
    assert desk.status == "Nothing is under way."
    desk.advance(1)
    assert desk.status == "Press Edit to edit the clip."
    desk.hear("fail", desk.ask(), "disk_full", "The disk is full.")
    desk.advance(20)
    assert desk.status == "The disk is full."
    desk.device.turn("Tab", 1)
    assert "Press Find" in desk.status


def test_no_time_is_left_on_show_when_the_service_is_gone(desk):
    id = desk.ask()
    desk.hear("progress", id, 0.25, "replay", 12.0)
    assert desk.device.text("time") == "editing, 0:12 left"
    desk.live.advance(20)
    assert desk.status.endswith("1 job waits for it.")
    assert (desk.device.text("time"), desk.device.bar) == ("", 0.25)
