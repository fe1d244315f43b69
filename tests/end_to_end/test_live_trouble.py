"""The device in Live when something is missing, goes wrong or happens twice, with the real service over real UDP."""

import socket
from contextlib import ExitStack, suppress
from types import SimpleNamespace

import pytest

from bridge.harness import kill, running, serve
from end_to_end.in_live import (
    CLIP,
    ask,
    asked,
    assert_same_sound,
    at_work,
    edit,
    ended,
    files_of,
    landed,
    press,
    select,
)
from faults.proxy import BadNetwork
from live.host import AMXD
from live.scene import audio_clip, audio_track, midi_clip, midi_track
from reaper.sounds import clip


@pytest.fixture
def piano(tmp_path):
    """A track with a clip of 0.3 s."""
    return audio_track("Piano", [audio_clip(clip(tmp_path / "loop.wav", seconds=0.3))])


@pytest.fixture
def first_port(tmp_path):
    """The device, but for its choice of a first port, which is always 9131."""
    made = AMXD.read_bytes()
    assert made.count(b"var SPREAD = 50;") == 1
    path = tmp_path / "Retone.amxd"
    path.write_bytes(made.replace(b"var SPREAD = 50;", b"var SPREAD =  1;"))
    return path


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def status(live, device, *words, seconds=10):
    """Waits until the status line says these words; gives all of it."""
    live.wait(lambda: all(word in device.text("status") for word in words), seconds)
    return device.text("status")


def underway(live, device):
    live.wait(lambda: device.bar > 0 and "inverting" in device.text("time"))


def test_without_a_clip_it_says_what_to_select(open_live, piano):
    live = open_live(midi_track("Keys", [midi_clip("A tune")]), piano)
    device = at_work(live)
    device.type("Prompt", "a flute")
    device.press("Edit")
    assert status(live, device, "Select an audio clip")
    live.select(CLIP)
    assert status(live, device, "'A tune' is a MIDI clip. Select an audio clip")
    device.press("Edit")
    select(live, device, "live_set tracks 1 clip_slots 0 clip")
    device.type("Prompt", "")
    device.press("Edit")
    assert status(live, device, "Type a prompt first")
    assert asked(device, "/retone/edit") == []
    # Working with the device, or on a MIDI clip, does not lose the clip that was selected last.
    select(live, device, "live_set tracks 1 clip_slots 0 clip")
    live.select(CLIP)
    device.type("Prompt", "a flute")
    ended(live, device, press(live, device, "Edit", "/retone/edit"))
    assert live.tracks() == ["Keys", "Piano", "Piano · Retone"]


def test_a_file_that_has_gone_is_named(open_live, song, tmp_path):
    live = open_live(audio_track("Piano", [audio_clip(tmp_path / "gone.wav", frames=44100, rate=44100)]))
    device = at_work(live)
    edit(live, device)
    assert str(tmp_path / "gone.wav")[-40:] in status(live, device, "There is no file")
    assert (live.tracks(), live.undo_steps, files_of(song)) == (["Piano"], 0, [])


def test_what_the_engine_cannot_do_is_said_and_leaves_nothing(open_live, song, piano):
    live = open_live(piano)
    device = at_work(live)
    edit(live, device, "fail out_of_memory")
    assert status(live, device, "The script says fail.")
    assert (live.tracks(), live.undo_steps, list(song.iterdir())) == (["Piano"], 0, [])


def test_a_cancel_midway_leaves_nothing_and_the_next_edit_waits_for_nothing(open_live, song, piano):
    live = open_live(piano)
    device = at_work(live)
    id = ask(live, device, "slow")
    underway(live, device)
    assert "Edit of 'loop': inverting, 0:01 left" in device.text("status")
    device.press("Cancel")
    ended(live, device, id)
    assert status(live, device, "Cancelled.")
    assert (device.bar, device.text("time")) == (-1, "")
    assert (live.tracks(), live.undo_steps, list(song.iterdir())) == (["Piano"], 0, [])
    device.press("Cancel")
    assert status(live, device, "Nothing is under way.")
    edit(live, device)
    assert_same_sound(live.clips(0)["session"][0], landed(live)[0])


def test_a_device_that_is_taken_away_cancels_what_it_asked_for(open_live, live_service, song, piano):
    live = open_live(piano)
    device = at_work(live)
    id = ask(live, device, "slow")
    underway(live, device)
    device.remove()
    peer = live_service.peer()
    peer.send("job", id)
    assert peer.until("fail")[-1][1:3] == (id, "cancelled")
    peer.send("received", id)
    assert (live.tracks(), list(song.iterdir())) == (["Piano"], [])


def test_an_edit_waits_for_a_service_that_is_not_there_yet(open_live, tmp_path, piano):
    port = free_port()
    live = open_live(piano, service=SimpleNamespace(port=port))
    device = live.load()
    select(live, device)
    device.type("Prompt", "a flute")
    device.press("Edit")
    said = status(live, device, f"No service answers on port {port}", "retone serve")
    assert "1 job waits for it" in said
    assert (device.lamp, device.text("engine")) == (0, "no service")
    with running(tmp_path / "late", port=port):
        id = live.wait(lambda: asked(device, "/retone/edit"))[0]
        ended(live, device, id)
        assert device.lamp == 2
        assert_same_sound(live.clips(0)["session"][0], landed(live)[0])


def test_a_service_killed_midway_and_started_again_lands_the_edit_once(open_live, tmp_path, piano):
    with ExitStack() as stack:
        process, port = serve(tmp_path / "own")
        stack.callback(lambda: kill(process))

        live = open_live(piano, service=SimpleNamespace(port=port))
        device = at_work(live)
        id = ask(live, device, "slow once")
        underway(live, device)
        kill(process)
        process, _ = serve(tmp_path / "own", port)
        ended(live, device, id)
        assert list(landed(live)) == [0]
        assert_same_sound(live.clips(0)["session"][0], landed(live)[0])


class FirstLost(BadNetwork):
    """Loses the first request and the first confirmation, and brings all else twice."""

    def __init__(self, service):
        super().__init__(service, seed=1, lost=0.0, doubled=1.0)
        self.lost = []

    def _pass_on(self, data, way, to):
        address = data.split(b"\0", 1)[0]
        if address in (b"/retone/edit", b"/retone/received") and address not in self.lost:
            self.lost.append(address)
        else:
            super()._pass_on(data, way, to)


def test_an_edit_lands_once_though_request_and_confirmation_are_lost_and_all_else_comes_twice(
    open_live, live_service, song, piano
):
    with FirstLost(("127.0.0.1", live_service.port)) as network:
        live = open_live(piano, service=network)
        device = at_work(live)
        id = edit(live, device)
        # The service tells the end again, as it does not know that it is known.
        live.wait(lambda: device.sent.count(("/retone/received", [id])) >= 2)
        journal = live_service.server._journal
        live.wait(lambda: id not in [job.id for job in journal.unreceived(seconds=60)])
    assert network.lost == [b"/retone/edit", b"/retone/received"]
    assert list(landed(live)) == [0]
    assert files_of(song) == [f"loop-{id}.wav"]


def test_a_port_that_another_program_has_is_stepped_over(open_live, piano, first_port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        with suppress(OSError):  # another program has it already
            taken.bind(("127.0.0.1", 9131))
        live = open_live(piano, amxd=first_port)
        devices = [at_work(live), at_work(live)]
        assert 9131 < devices[0].port < devices[1].port
        for device in devices:
            edit(live, device)
    assert list(landed(live)) == [0, 1]


@pytest.mark.parametrize("place", ["session", "arrangement"])
def test_where_the_edition_allows_no_more_tracks_the_file_is_named(open_live, song, tmp_path, place):
    wav = clip(tmp_path / "loop.wav", seconds=0.3)
    held = [audio_clip(wav)] if place == "session" else []
    arranged = [] if held else [audio_clip(wav, start_time=2.0)]
    others = [audio_track(f"Track {number}") for number in range(7)]
    live = open_live(audio_track("Piano", held, arranged), *others, edition="lite")
    live.expect_error("Live allows no more than 8 tracks")
    device = at_work(live)
    id = edit(live, device, clip=CLIP if held else "live_set tracks 0 arrangement_clips 0")
    assert len(live.tracks()) == 8
    assert files_of(song) == [f"loop-{id}.wav"]
    assert f"loop-{id}.wav" in status(live, device, "edition may allow no more")
    assert live.destroyed == []


def test_where_an_edition_allows_no_more_scenes_a_full_track_gets_another(open_live, tmp_path):
    wav = clip(tmp_path / "loop.wav", seconds=0.3)
    live = open_live(audio_track("Piano", [audio_clip(wav)]), edition="lite", scenes=8)
    live.expect_error("Live allows no more than 8 scenes")
    device = at_work(live)
    device.turn("Variations", 9)
    edit(live, device)
    assert live.tracks() == ["Piano", "Piano · Retone", "Piano · Retone"]
    assert [len(landed(live, track)) for track in (1, 2)] == [8, 1]
