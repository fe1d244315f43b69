"""`retone install login`: the service starts when its user logs in, on every system, and no file of theirs is lost."""

import os
import plistlib
import shutil
import subprocess
import sys

import pytest

from install.conftest import tree
from retone_bridge.install.login import LABEL, UNIT, Entry
from retone_engine.request import RetoneError

COMMAND = ("/opt/my retone/python", "-m", "retone_bridge.cli", "serve")
PLACES = {
    "linux": f".config/systemd/user/{UNIT}",
    "darwin": f"Library/LaunchAgents/{LABEL}.plist",
    "win32": "AppData/Microsoft/Windows/Start Menu/Programs/Startup/Retone.vbs",
}

each_system = pytest.mark.parametrize("platform", PLACES)


@pytest.fixture
def as_if_on(monkeypatch, home, tmp_path):
    """The command line as on another system; where it is systemd's, with a systemctl that notes what it is asked."""

    def become(platform):
        monkeypatch.setattr(sys, "platform", platform)
        if platform == "linux":
            program(tmp_path / "programs/systemctl", f'echo "$@" >> {str(tmp_path / "asked")!r}')
        return home / PLACES[platform]

    return become


def program(path, script):
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def entry(command, platform, home="/home/somebody"):
    return Entry.of(command, platform, {"HOME": home, "APPDATA": f"{home}/AppData"})


@each_system
def test_it_is_put_where_the_system_looks_and_goes_again(retone, as_if_on, home, platform):
    path = as_if_on(platform)
    status, out, _ = retone("install", "login")
    assert status == 0
    assert f"new  {path}" in out
    assert path.read_bytes().decode(entry(COMMAND, platform).encoding).count("retone_bridge.cli") == 1
    assert "as it was" in retone("install", "login")[1]
    status, out, _ = retone("install", "login", "--remove")
    assert (status, path.exists()) == (0, False)
    assert "does not start at login" in retone("install", "login", "--remove")[1]


@each_system
def test_a_dry_run_changes_nothing(retone, as_if_on, home, tmp_path, platform):
    path = as_if_on(platform)
    status, out, _ = retone("install", "login", "--dry-run")
    assert status == 0
    assert str(path) in out
    assert tree(home) == {}
    retone("install", "login")
    before = tree(home)
    (tmp_path / "asked").unlink(missing_ok=True)
    assert retone("install", "login", "--remove", "--dry-run")[0] == 0
    assert tree(home) == before
    assert not (tmp_path / "asked").exists()


@each_system
def test_other_options_take_the_place_of_the_older_ones(retone, as_if_on, platform):
    path = as_if_on(platform)
    retone("install", "login", "--", "--port", 9140)
    status, out, _ = retone("install", "login", "--", "--port", 9150, "--model", "my model")
    assert status == 0
    assert f"updated  {path}" in out
    text = path.read_bytes().decode("utf-16" if platform == "win32" else "utf-8")
    assert "9150" in text and "my model" in text and "9140" not in text


@each_system
@pytest.mark.parametrize("whose", ["theirs", "changed", "link", "folder"])
def test_a_file_that_is_not_retones_own_is_neither_overwritten_nor_removed(retone, as_if_on, home, platform, whose):
    path = as_if_on(platform)
    retone("install", "login")
    if whose == "changed":
        path.write_bytes(path.read_bytes().replace(b"s", b"S", 1))
    else:
        ours = path.read_bytes()
        path.unlink()
        if whose == "theirs":
            path.write_bytes(b"\xff mine")
        elif whose == "link":
            (home / "elsewhere").write_bytes(ours)
            path.symlink_to(home / "elsewhere")
        else:
            path.mkdir()
    before = tree(home)
    for more in (["--remove"], ["--", "--port", 9140]):
        status, _, err = retone("install", "login", *more)
        assert status == 4
        assert f"{path} is not Retone's" in err
        assert tree(home) == before


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--port", "nine"], "invalid int value"),
        (["--prot", "9140"], "unrecognized arguments"),
        (["--state", "here"], "here is no full path"),
        (["--root", "."], ". is no full path"),
        (["--host", "0.0.0.0"], "lets other machines in"),
        (["--token-file", "/nothing"], "/nothing"),
    ],
)
def test_options_with_which_the_service_would_not_start_are_refused(retone, as_if_on, home, options, sentence):
    as_if_on("linux")
    status, _, err = retone("install", "login", "--", *options)
    assert status in (2, 3)
    assert sentence in err
    assert tree(home) == {}


def test_systemd_is_told(retone, as_if_on, tmp_path):
    as_if_on("linux")
    assert "systemctl --user start retone.service" in retone("install", "login")[1]
    retone("install", "login", "--remove")
    assert (tmp_path / "asked").read_text().splitlines() == [
        "--user daemon-reload",
        "--user enable retone.service",
        "--user disable retone.service",
        "--user daemon-reload",
    ]


@pytest.mark.parametrize(
    ("script", "sentence"), [(None, "there is no systemctl"), ("echo 'No medium found' >&2; exit 1", "No medium found")]
)
def test_a_systemd_that_is_not_there_is_told_of_and_the_file_stays(retone, as_if_on, tmp_path, script, sentence):
    path = as_if_on("linux")
    (tmp_path / "programs/systemctl").unlink()
    if script:
        program(tmp_path / "programs/systemctl", script)
    status, _, err = retone("install", "login")
    assert status == 6
    assert sentence in err
    assert path.is_file()
    status, out, _ = retone("install", "login", "--remove")
    assert (status, path.exists()) == (0, False)
    assert sentence in out


STRANGE = ["my python", "100%d", "$HOME $$", "ünï", "a;b", "{x}=y", "#c", "it's", 'say "hi"', "back\\slash", "-x", "~"]


@pytest.mark.parametrize("name", STRANGE)
def test_systemd_itself_finds_a_program_of_any_name(tmp_path, name):
    verify = shutil.which("systemd-analyze") or pytest.skip("needs systemd-analyze (Debian's systemd)")
    python = tmp_path / name / "python"
    python.parent.mkdir()
    unit = tmp_path / UNIT
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)}

    def verified():
        done = subprocess.run((verify, "verify", "--user", unit), env=environment, capture_output=True, text=True)
        return done.returncode, done.stderr

    # systemd hands a program whose path it cannot say to a shell, which is always there.
    by_shell = bool({*name} & {*"'\"\\"})
    unit.write_text(entry((str(python), *COMMAND[1:]), "linux").text)
    assert (verified()[0] == 0) == by_shell
    program(python, "true")
    assert verified() == (0, "")


@pytest.mark.parametrize("name", STRANGE)
def test_the_units_words_are_the_commands(tmp_path, name):
    """What systemd's manual says of quotes, % and $ in ExecStart, done backwards."""
    command = (f"/opt/{name}/python", "-m", "x", "--model", name, "--state", f"/a b/{name}")
    text = entry(command, "linux").text
    line = next(line for line in text.splitlines() if line.startswith("ExecStart=")).removeprefix("ExecStart=")
    words = [word.replace("%%", "%") for word in unquoted(line.removeprefix(":"))]
    if words[0] == "/bin/sh":
        printed = subprocess.run([*words[:2], 'printf "%s\\n" "$0" "$@"', *words[3:]], capture_output=True, text=True)
        words = printed.stdout.splitlines()
    assert words == list(command)
    assert line.startswith(":") == ("$" in line)


def unquoted(line):
    words, word, place = [], None, 0
    while place < len(line):
        character = line[place]
        if word is None:
            assert character in '" '
            word = "" if character == '"' else None
        elif character == "\\":
            place += 1
            word += line[place]
        elif character == '"':
            words.append(word)
            word = None
        else:
            word += character
        place += 1
    assert word is None
    return words


@pytest.mark.parametrize("name", STRANGE)
def test_launchd_is_given_the_very_command(retone, home, name):
    command = (f"/opt/{name}/python", "serve", name)
    path = home / "agent.plist"
    Entry(path, entry(command, "darwin").text).write()
    with path.open("rb") as file:
        agent = plistlib.load(file)
    assert agent["ProgramArguments"] == list(command)
    assert agent["RunAtLoad"] is True
    assert agent["KeepAlive"] == {"SuccessfulExit": False}
    assert "StandardOutPath" not in agent


def test_windows_runs_it_hidden():
    command = ("C:\\my retone\\pythonw.exe", "-m", "retone_bridge.cli", "serve", "--state", "D:\\Überleitung\\")
    shown = entry(command, "win32")
    first, second, _ = shown.text.splitlines()
    assert first.startswith("' ")
    assert second == (
        'CreateObject("WScript.Shell").Run '
        '"""C:\\my retone\\pythonw.exe"" -m retone_bridge.cli serve --state D:\\Überleitung\\", 0, False'
    )
    assert shown.encoding == "utf-16"  # with its mark: the script host reads accents in no other way


def test_windows_would_put_variables_into_a_path(home):
    entry(("C:\\100%\\pythonw.exe",), "win32")
    with pytest.raises(RetoneError, match="rename that folder"):
        entry(("C:\\%TEMP%\\pythonw.exe",), "win32")


@each_system
@pytest.mark.parametrize("word", ["a\nb", "\x00", "\udcff"])
def test_a_word_that_no_file_can_hold_is_refused(platform, word):
    with pytest.raises(RetoneError, match="plain characters"):
        entry((*COMMAND, "--model", word), platform)


@each_system
def test_without_a_home_nobody_guesses(platform):
    with pytest.raises(RetoneError, match="does not say where your files lie"):
        Entry.of(COMMAND, platform, {})


def test_systemds_folder_follows_the_configuration():
    assert str(Entry.of(COMMAND, "linux", {"HOME": "/h", "XDG_CONFIG_HOME": "/c"}).path) == f"/c/systemd/user/{UNIT}"
