"""Files that are whole or not there, whatever stood in their place and wherever writing breaks off."""

import errno
import os
import stat

import pytest

from retone_bridge.writing import FULL, part_of, replace, told
from retone_engine.request import RetoneError


def test_what_was_there_is_replaced_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "file"
    for content in (b"first", b"", b"second"):
        replace(path, content)
        assert path.read_bytes() == content
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize("fails", ["os.fsync", "Path.replace"])
def test_what_breaks_off_leaves_what_was_there(tmp_path, monkeypatch, fails):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "file"
    path.write_bytes(b"first")
    monkeypatch.setattr(f"retone_bridge.writing.{fails}", refuse)
    with pytest.raises(OSError, match="No space"):
        replace(path, b"second")
    assert path.read_bytes() == b"first"
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.skipif(os.name != "posix", reason="modes and links as POSIX has them")
def test_no_link_is_followed_and_a_secret_is_never_anybody_elses(tmp_path):
    path, precious = tmp_path / "file", tmp_path / "precious"
    precious.write_bytes(b"precious")
    path.symlink_to(precious)
    part_of(path).symlink_to(precious)
    replace(path, b"secret", mode=0o600)
    assert (precious.read_bytes(), path.read_bytes()) == (b"precious", b"secret")
    assert stat.S_IMODE(path.lstat().st_mode) == 0o600
    assert not part_of(path).is_symlink()


@pytest.mark.parametrize(("number", "code"), [*((each, "disk_full") for each in FULL), (errno.EACCES, "cannot_write")])
def test_what_the_system_refuses_is_a_sentence(number, code):
    with pytest.raises(RetoneError, match=r"^/a/file cannot be used: why\.") as caught, told():
        raise OSError(number, "why", "/a/file")
    assert caught.value.code == code
