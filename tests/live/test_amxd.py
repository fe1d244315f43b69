"""The container that Live loads, read by a reader of its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amxd import File, freeze
from live.container import DEVICE, read

NAMES = st.text("abcdefghij-_", min_size=1, max_size=20)


def test_the_device_is_a_frozen_audio_effect_that_holds_its_patch_first():
    device = read(DEVICE.read_bytes())
    assert device.device_type == b"aaaa"
    assert device.frozen == 7
    patch, *others = device.entries
    assert (patch.name, patch.kind, patch.flag) == ("Retone.amxd", b"JSON", 0x11)
    assert device.patcher["fileversion"] == 1
    assert {(entry.name.rsplit(".")[1], entry.kind, entry.flag) for entry in others} == {
        ("js", b"TEXT", 0),
        ("svg", b"svg ", 0),
    }


def test_all_files_bear_one_date_that_no_clock_gave():
    device = read(DEVICE.read_bytes())
    assert {(entry.date, entry.version) for entry in device.entries} == {(3_850_000_000, 0)}


def test_the_project_says_the_same_type_as_the_container():
    device = read(DEVICE.read_bytes())
    assert device.patcher["project"]["amxdtype"].to_bytes(4, "big") == device.device_type


@given(
    names=st.lists(NAMES, unique=True, max_size=4), contents=st.lists(st.binary(max_size=50), min_size=4, max_size=4)
)
def test_what_is_frozen_is_read_again(names, contents):
    others = [File(f"{name}.js", content) for name, content in zip(names, contents, strict=False)]
    device = read(freeze(File("x.amxd", b'{"patcher": {}}'), others))
    assert device.patcher == {}
    assert [File(entry.name, entry.content) for entry in device.entries[1:]] == others


def test_a_name_that_comes_twice_is_refused():
    with pytest.raises(ValueError, match="twice"):
        freeze(File("x.amxd", b"{}"), [File("a.js", b""), File("a.js", b"")])


def test_a_file_of_unknown_kind_is_refused():
    with pytest.raises(ValueError, match=r"a\.wav is of no kind"):
        freeze(File("x.amxd", b"{}"), [File("a.wav", b"")])
