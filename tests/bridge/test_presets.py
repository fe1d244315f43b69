"""Named settings: kept whole, shared by all who ask, never lost to a damaged file."""

import json
import os
import stat
import threading
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.harness import running
from bridge.scripts import Script, lying
from retone_bridge.preset_messages import LIMIT, NAME_CHARACTERS, PresetSave
from retone_bridge.presets import HELD, Presets
from retone_engine.request import PROMPT_LIMIT, RetoneError

ORGAN = {"prompt": "a church organ", "strength": 0.6, "steps": None, "highs": True}


@pytest.fixture
def presets(tmp_path):
    return Presets(tmp_path / "state" / "presets.json")


@contextmanager
def fails(code, words="."):
    """The lines below fail with this code and with ``words``, a pattern, in the message."""
    with pytest.raises(RetoneError, match=words) as caught:
        yield
    assert caught.value.code == code


def test_what_is_saved_is_there_for_whoever_opens_the_file(presets, tmp_path):
    assert presets.names() == []
    presets.save(" Große Halle ", {"prompt": "a church organ", "strength": "0.6", "steps": "auto", "highs": "on"})
    presets.save("bright", {})
    again = Presets(tmp_path / "state" / "presets.json")
    assert again.names() == ["Große Halle", "bright"]
    assert again.load("Große Halle ") == ORGAN
    assert again.load("bright") == {}
    again.delete("bright")
    assert presets.names() == ["Große Halle"]


def test_nothing_is_replaced_unasked(presets):
    presets.save("organ", ORGAN)
    presets.save("organ", ORGAN)  # as when its acknowledgement was lost
    with fails("preset_exists", "'organ'"):
        presets.save("organ", {"prompt": "bells"})
    assert presets.load("organ") == ORGAN
    presets.save("organ", {"prompt": "bells"}, replace=True)
    assert presets.load("organ") == {"prompt": "bells"}


def test_what_is_not_there_is_named_with_what_is(presets):
    with fails("unknown_preset", "none yet"):
        presets.load("organ")
    presets.save("bells", {})
    for does in (presets.load, presets.delete):
        with fails("unknown_preset", "'organ'; there are: bells"):
            does("organ")


@pytest.mark.parametrize("name", ["", "  ", "n" * (NAME_CHARACTERS + 1), "a\nb", "a\0", "\ud800", "\u200e"])
def test_a_name_is_printable_and_short(presets, name):
    with fails("bad_request", "is no name for a preset"):
        presets.save(name, ORGAN)
    assert presets.names() == []


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"strength": 2}, "strength is"),
        ({"loudness": 1}, "no parameter 'loudness'"),
        ({"region_start": 5}, "does not hold region_start"),
        ({"output_folder": "/tmp"}, "does not hold output_folder"),
        ({"noise_level": 0.5}, "noise_level"),
        ({"prompt": "\U0001f3bb" * PROMPT_LIMIT}, "too long for a message"),
    ],
)
def test_only_settings_of_edits_that_any_clip_may_have_are_held(presets, values, words):
    with fails("bad_request", words):
        presets.save("organ", values)
    assert presets.names() == []


def test_there_is_room_for_so_many(presets, tmp_path):
    presets.save("0", {})
    told = {"version": 1, "presets": {f"{number}": {} for number in range(LIMIT - 1)}}
    (tmp_path / "state" / "presets.json").write_text(json.dumps(told))
    presets.save("the last", {})
    with fails("bad_request", f"There are {LIMIT} presets"):
        presets.save("one more", {})
    presets.save("0", ORGAN, replace=True)
    assert f"{LIMIT}" in PresetSave.__doc__


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (b'{"version": 1, "presets": {"organ": {"prom', "Unterminated|Expecting"),
        (b"", "Expecting value"),
        (b'{"\xff": 1}', "decode"),
        (b"[]", "does not hold presets"),
        (b'{"version": 1}', "does not hold presets"),
        (b'{"version": 1, "presets": {"organ": 7}}', "does not hold presets"),
        (b'{"version": 1, "presets": {"": {}}}', "is no name"),
        (b'{"version": 2, "presets": {}}', "a newer Retone wrote it"),
        (b"[" * 100_000, "recursion"),
        (b" " * 5_000_000, "too long"),
    ],
    ids=lambda value: str(value[:50]),
)
def test_a_damaged_file_is_told_and_left_as_it_is(presets, tmp_path, damage, words):
    presets.save("organ", ORGAN)
    file = tmp_path / "state" / "presets.json"
    file.write_bytes(damage)
    for does in (
        presets.names,
        lambda: presets.load("organ"),
        lambda: presets.save("organ", {}, replace=True),
        lambda: presets.delete("organ"),
    ):
        with fails("internal", words):
            does()
    assert file.read_bytes() == damage


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ('{"grain": 1}', "no parameter 'grain'"),
        ('{"strength": 7}', "strength is"),
        ('{"strength": NaN}', "strength is"),
    ],
)
def test_a_preset_with_settings_of_another_retone_keeps_nobody_from_the_others(presets, tmp_path, settings, words):
    presets.save("organ", ORGAN)
    file = tmp_path / "state" / "presets.json"
    file.write_text(file.read_text().replace('"presets": {', f'"presets": {{"newer": {settings},'))
    assert presets.names() == ["newer", "organ"]
    assert presets.load("organ") == ORGAN
    with fails("unsupported", f"'newer' is not of this Retone: .*{words}"):
        presets.load("newer")
    presets.save("bells", {})
    assert json.dumps(json.loads(file.read_text())["presets"]["newer"]) == settings
    with fails("preset_exists"):
        presets.save("newer", ORGAN)
    presets.save("newer", ORGAN, replace=True)
    assert presets.load("newer") == ORGAN


def test_a_link_or_a_pipe_in_its_place_is_not_followed(presets, tmp_path):
    file, precious = tmp_path / "state" / "presets.json", tmp_path / "precious"
    precious.write_text('{"version": 1, "presets": {}}')
    file.parent.mkdir()
    for make in (lambda: file.symlink_to(precious), lambda: os.mkfifo(file)):
        make()
        with fails("internal", "no regular file"):
            presets.save("organ", ORGAN)
        file.unlink()
    assert precious.read_text() == '{"version": 1, "presets": {}}'


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_the_file_is_its_users_alone(presets, tmp_path):
    presets.save("organ", ORGAN)
    state = tmp_path / "state"
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in (state, *state.iterdir())} == {0}


def test_a_full_disk_leaves_what_was_there(presets, tmp_path, monkeypatch):
    presets.save("organ", ORGAN)

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("retone_bridge.writing.os.fsync", full)
        with fails("disk_full"):
            presets.save("bells", {})
    assert presets.names() == ["organ"]
    presets.save("bells", {})
    assert presets.names() == ["bells", "organ"]


def test_several_may_save_at_once(tmp_path):
    path = tmp_path / "presets.json"
    threads = [
        threading.Thread(target=lambda n=number: [Presets(path).save(f"{n} {each}", {}) for each in range(5)])
        for number in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Presets(path).names()) == 20


values_of = {
    "text": lambda p: st.text(max_size=20).map(str.strip).filter(lambda text: "\0" not in text),
    "choice": lambda p: st.sampled_from(p.choices),
    "switch": lambda p: st.booleans(),
    "int": lambda p: st.integers(int(p.low), int(p.high if p.high is not None else 10**6)),
    "float": lambda p: st.floats(p.low, p.high),
}


def values_for(parameter):
    values = values_of[parameter.kind](parameter)
    return st.none() | values if parameter.has_auto else values


any_settings = st.fixed_dictionaries({}, optional={name: values_for(parameter) for name, parameter in HELD.items()})


@settings(max_examples=25, deadline=None)
@given(any_settings)
def test_any_settings_come_back_as_they_were_and_by_any_way(service_and_file, values):
    client, file = service_and_file
    held = {name: HELD[name].coerce(value) for name, value in values.items()}
    client.presets.save("any", values, replace=True)
    assert client.presets.load("any") == held == Presets(file).load("any")


@pytest.fixture(scope="module")
def service_and_file(tmp_path_factory):
    state = tmp_path_factory.mktemp("state")
    with running(state) as service:
        yield service.client(), state / "presets.json"


def test_a_client_keeps_finds_and_forgets_them(service):
    presets = service.client().presets
    assert presets.names() == []
    presets.save("organ", ORGAN)
    with fails("preset_exists"):
        presets.save("organ", {"prompt": "bells"})
    presets.save("organ", {**ORGAN, "variations": 3}, replace=True)
    assert presets.load("organ") == {**ORGAN, "variations": 3}
    presets.delete("organ")
    for does in (presets.load, presets.delete):
        with fails("unknown_preset"):
            does("organ")


def test_a_client_finds_all_of_more_than_a_packet_holds(service):
    presets = service.client().presets
    names = sorted(f"{number:03} {'ü' * 50}" for number in range(60))
    for name in names:
        presets.save(name, {})
    assert presets.names() == names
    peer = service.peer()
    peer.send("preset/list")
    heard = peer.next()
    assert heard[:3] == ("preset/list.reply", 60, names[0]) and len(heard) < 30
    peer.send("preset/list", names[-2])
    assert peer.next() == ("preset/list.reply", 60, names[-1])
    peer.send("preset/list", names[-1])
    assert peer.next() == ("preset/list.reply", 60)


def test_the_service_knows_at_once_what_another_wrote_into_the_file(service, tmp_path):
    file = tmp_path / "state" / "presets.json"
    Presets(file).save("organ", ORGAN)
    assert service.client().presets.load("organ") == ORGAN
    file.write_text("damaged")
    with fails("internal", "Mend the file, or move it away"):
        service.client().presets.names()
    assert file.read_text() == "damaged"


def test_they_are_there_after_a_service_that_was_started_again(tmp_path):
    with running(tmp_path / "state") as service:
        service.client().presets.save("organ", ORGAN)
    with running(tmp_path / "state") as service:
        assert service.client().presets.load("organ") == ORGAN


def test_a_script_keeps_and_finds_them_through_files(tmp_path, brisk):
    spool = tmp_path / "spool"
    with running(tmp_path / "state", spool=spool):
        (spool / "in").mkdir(parents=True, exist_ok=True)
        script = Script(spool)
        script.send("preset/save", "Große Halle", 0, "prompt", "organ", "strength", 0.6, "steps", "auto")
        assert script.next() == ("ack", "/retone/preset/save")
        script.send("preset/list")
        assert script.next() == ("preset/list.reply", 1, "Große Halle")
        script.send("preset/load", "Große Halle")
        reply, name, *pairs = script.next()
        assert (reply, name) == ("preset/load.reply", "Große Halle")
        assert dict(zip(pairs[::2], pairs[1::2], strict=True)) == {
            "prompt": "organ",
            "strength": pytest.approx(0.6),
            "steps": "auto",
        }
        for request, code in (
            (("save", "Große Halle", 0, "prompt", "bells"), "preset_exists"),
            (("save", "\n", 0), "bad_request"),
            (("save", "x", 0, "strength", 2), "bad_request"),
            (("save", "x", 0, "strength"), "bad_request"),
            (("save", "x"), "bad_request"),
            (("load", "x"), "unknown_preset"),
            (("delete", "x"), "unknown_preset"),
        ):
            script.send(f"preset/{request[0]}", *request[1:])
            assert script.next()[:3] == ("fail", f"/retone/preset/{request[0]}", code)
        script.send("preset/delete", "Große Halle")
        assert script.next() == ("ack", "/retone/preset/delete")
    assert "presets.json" in lying(tmp_path / "state")
