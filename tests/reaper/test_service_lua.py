"""Whether the service runs, whether it and the scripts understand each other, and how it is started."""

import shlex
import sys
import time

import pytest

from reaper.fake import Reaper
from reaper.scene import SPOOL
from reaper.table import SCRIPTS
from retone_bridge.osc import Message, encode
from retone_bridge.requests import PROTOCOL

VERSIONS = ["5.3", "5.4"]
STATE = 'return require("retone.service").state()'
START = 'return require("retone.service").start()'


@pytest.fixture(params=VERSIONS)
def reaper(tmp_path, request):
    return Reaper(tmp_path, lua=request.param)


def beat(reaper, age_s=0.0, protocol=PROTOCOL, trouble="", seconds=None):
    said = str(int(time.time() - age_s)) if seconds is None else seconds
    folder = reaper.home / SPOOL
    folder.mkdir(parents=True, exist_ok=True)
    packet = encode(Message("/retone/heartbeat", (said, "0.9.9", protocol, "cpu", "pocket", trouble)))
    (folder / "heartbeat.osc").write_bytes(packet)
    return folder / "heartbeat.osc"


def state(reaper):
    found = reaper.lua_values(STATE)
    return found if isinstance(found, list) else [found, None]


def test_a_fresh_heartbeat_is_a_service_that_runs(reaper):
    beat(reaper)
    assert state(reaper) == ["running", None]
    found = reaper.lua_values('return require("retone.spool").heartbeat()')
    assert 0 <= found.pop("age_s") <= 1
    assert found == {"version": "0.9.9", "protocol": PROTOCOL, "device": "cpu", "model": "pocket", "trouble": ""}


def test_what_troubles_the_service_is_said(reaper):
    beat(reaper, trouble="The device 'cuda' is not here.")
    assert state(reaper) == ["running", "The device 'cuda' is not here."]


@pytest.mark.parametrize("age_s", [None, 7, 86400, -3600])
def test_none_or_an_old_one_is_none_and_the_way_to_start_it_is_told(reaper, age_s):
    if age_s is not None:
        beat(reaper, age_s)
    found, what_to_do = state(reaper)
    assert found == "absent"
    assert "Retone - start the service" in what_to_do
    assert "`retone serve`" in what_to_do


@pytest.mark.parametrize(
    "damage", [b"", b"/retone/heartbeat\0\0\0,s\0\0", b"\xff" * 300, b"/retone/other\0\0\0,\0\0\0"]
)
def test_a_heartbeat_that_cannot_be_read_is_none(reaper, damage):
    beat(reaper).write_bytes(damage)
    assert state(reaper)[0] == "absent"
    beat(reaper, seconds="soon")
    assert state(reaper)[0] == "absent"


def test_who_is_to_be_updated_is_told(reaper):
    beat(reaper, protocol=PROTOCOL + 1)
    found, what_to_do = state(reaper)
    assert found == "scripts_old"
    assert "`retone install reaper`" in what_to_do
    beat(reaper, protocol=PROTOCOL - 1)
    found, what_to_do = state(reaper)
    assert found == "service_old"
    assert "Update Retone" in what_to_do


def installed(tmp_path, lua, *command, system="Other"):
    """A REAPER whose scripts were installed with this command."""
    scripts = tmp_path / "Scripts"
    scripts.mkdir()
    (scripts / "retone").symlink_to(SCRIPTS / "Retone" / "retone")
    words = ", ".join('"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in command)
    (scripts / "installed.lua").write_text(f'return {{ version = "0.1.0", command = {{ {words} }} }}\n', "utf-8")
    return Reaper(tmp_path, lua=lua, scripts=scripts, system=system)


NASTY = ["it's here", 'a "quoted" word', "$HOME `id` ; exit 3", "back\\slash\\", "é & 漢", "", "*", "-n", "!x %PATH%"]


@pytest.mark.parametrize("lua", VERSIONS)
def test_the_service_is_started_by_the_words_that_were_installed(tmp_path, lua):
    heard = tmp_path / "heard"
    program = tmp_path / "a 'program' $x é"
    program.write_text(f"#!{sys.executable}\nimport sys, os\nopen({str(heard)!r} + '.part', 'wb').write("
                       "b'\\0'.join(map(os.fsencode, sys.argv[1:])))\n"
                       f"os.rename({str(heard)!r} + '.part', {str(heard)!r})\n")  # fmt: skip
    program.chmod(0o755)
    reaper = installed(tmp_path, lua, str(program), *NASTY)
    reaper.runs_commands = True
    began = time.monotonic()
    assert reaper.lua_values(START) is True
    assert time.monotonic() - began < 1
    while not heard.exists():
        assert time.monotonic() - began < 10
        time.sleep(0.01)
    assert heard.read_bytes().decode().split("\0") == NASTY


@pytest.mark.parametrize("lua", VERSIONS)
def test_it_is_started_in_the_background_and_away_from_any_terminal(tmp_path, lua):
    reaper = installed(tmp_path, lua, sys.executable, "-m", "retone_bridge.cli", "serve")
    assert reaper.lua_values(START) is True
    ((line, _),) = reaper.commands
    words = [sys.executable, "-m", "retone_bridge.cli", "serve", ">/dev/null", "2>&1", "</dev/null", "&"]
    assert shlex.split(line) == ["trap", "", "HUP;", *words]


@pytest.mark.parametrize("lua", VERSIONS)
def test_on_windows_it_is_started_without_a_window(tmp_path, lua):
    program = tmp_path / "a program.exe"
    program.touch()
    shown = Reaper(tmp_path, system="Win64").shown_path(program)
    reaper = installed(tmp_path, lua, shown, *NASTY, system="Win64")
    assert reaper.lua_values(START) is True
    ((line, wait_ms),) = reaper.commands
    assert wait_ms == -2
    assert taken_apart(line) == [shown, *NASTY]


@pytest.mark.parametrize("lua", VERSIONS)
def test_without_an_installation_it_is_told_how_to_make_one(tmp_path, lua):
    reaper = installed(tmp_path, lua, str(tmp_path / "gone" / "python"), "serve")
    found, why = reaper.lua_values(START)
    assert found is None
    assert f"there is no {tmp_path / 'gone' / 'python'}. Run `retone install reaper` again." in why
    for broken in ("return 1", "return {", "error('x')", "return { command = {} }"):
        (tmp_path / "Scripts" / "installed.lua").write_text(broken)
        found, why = reaper.lua_values(START)
        assert found is None
        assert "Run `retone install reaper` in a terminal" in why
    (tmp_path / "Scripts" / "installed.lua").unlink()
    assert "Run `retone install reaper` in a terminal" in reaper.lua_values(START)[1]
    assert reaper.commands == []


def taken_apart(line):
    """The words of a Windows command line after the rules of CommandLineToArgvW, as its documentation states them."""
    words, word, quoted, place = [], None, False, 0
    while place < len(line):
        slashes = len(line[place:]) - len(line[place:].lstrip("\\"))
        place += slashes
        after = line[place : place + 1]
        if slashes or after == '"':
            word = word or ""
        if after == '"':
            word += "\\" * (slashes // 2)
            if slashes % 2:
                word += '"'
            else:
                quoted = not quoted
            place += 1
            continue
        word = word + "\\" * slashes if slashes else word
        if not after:
            break
        if after in " \t" and not quoted:
            if word is not None:
                words.append(word)
            word = None
        else:
            word = (word or "") + after
        place += 1
    return words if word is None else [*words, word]
