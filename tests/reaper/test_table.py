"""The table of REAPER's calls holds just those that the scripts make, and they do without those that may be missing."""

import re

import pytest

from reaper import fake  # noqa: F401  its calls register themselves
from reaper.fake_calls import CALLS
from reaper.table import EXTENSION, SCRIPTS, TABLE, code, load, used

FILES = sorted(SCRIPTS.rglob("*.lua"))
NEWER = {name for name, row in load().items() if row["since"] != "6.0"}


def test_the_table_holds_just_the_calls_that_the_scripts_make():
    assert set(load()) == {name for name in used() if not EXTENSION.match(name)}


def test_the_fake_gives_just_the_calls_of_the_table():
    assert set(CALLS) == {name for name in load() if not name.startswith("{")}


def test_the_table_says_which_versions_it_covers():
    assert "7.60" in TABLE.read_text() and "7.78" in TABLE.read_text()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_calls_that_may_be_missing_are_asked_for_first(path):
    """Extensions' calls and those that came after 6.0: the file that makes them looks whether they are there."""
    text = code(path.read_text("utf-8"))
    for name in sorted(NEWER | {name for name in used() if EXTENSION.match(name)}):
        if re.search(rf"{re.escape(name)}\b", text):
            asked = rf"{re.escape(name)} ~= nil|(if|elseif|not|and) (not )?{re.escape(name)}\b(?!\()"
            assert re.search(asked, text), f"{path.name} calls {name} without asking whether it is there"
