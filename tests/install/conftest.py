"""A user's home in a folder of the test's own, and the command line in it."""

import os
from functools import partial
from pathlib import Path

import pytest

from bridge.command_line import run


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Nothing is in it yet; no program is on the path."""
    home = tmp_path / "My home ü"
    home.mkdir()
    (tmp_path / "programs").mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("APPDATA", str(home / "AppData"))
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return home


@pytest.fixture
def retone(capsys, home):
    """Runs a command; gives its exit status and what it printed."""
    return partial(run, capsys)


def tree(folder):
    """All there is in a folder: names, and what files hold or links say; no link is followed."""
    found = {}
    for where, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(where, name)
            known = path.relative_to(folder).as_posix()
            if path.is_symlink():
                found[known] = ("link", str(path.readlink()))
            else:
                found[known] = path.read_bytes() if path.is_file() else "folder"
    return found
