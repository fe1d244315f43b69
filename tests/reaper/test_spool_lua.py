"""The spool as a script sees it: where it lies, what is written there, and how replies are read."""

import os
import re
import time
from pathlib import Path

import pytest
import soundfile

from reaper.fake import Reaper
from reaper.scene import EDIT, SPOOL
from retone_bridge.osc import Message, decode, encode
from retone_bridge.paths import spool_folder

VERSIONS = ["5.3", "5.4"]
FOLDER = 'return require("retone.spool").folder()'
LISTEN = """
local box = assert(require("retone.spool").open())
reaper.ShowConsoleMsg(box.client .. "\\n")
local function go_on()
  for _, message in ipairs(box:receive()) do
    reaper.ShowConsoleMsg(table.concat(message, " ") .. "\\n")
  end
  reaper.defer(go_on)
end
go_on()
"""


class Clock:
    """Time that passes when the test says so, and by itself ``step`` seconds a look."""

    def __init__(self):
        self.now, self.step = 1000.0, 0.0

    def __call__(self):
        self.now += self.step
        return self.now


class Listening:
    """A script that writes down what it receives, and the folder where its replies are put."""

    def __init__(self, folder, lua):
        self.clock = Clock()
        self.reaper = Reaper(folder, lua=lua, clock=self.clock)
        self.reaper.lua_run(LISTEN)
        self.client = self.reaper.console.split()[0]
        self.folder = self.reaper.home / SPOOL / "out" / self.client

    def put(self, number, *arguments, data=None):
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{number:06}.osc"
        path.write_bytes(encode(Message("/x", arguments or (number,))) if data is None else data)
        return path

    def heard(self, looks=1, seconds=0.21):
        """What is received at the next looks."""
        before = len(self.reaper.console)
        for _ in range(looks):
            self.clock.now += seconds
            self.reaper.tick()
        return [line.removeprefix("/x ") for line in self.reaper.console[before:].splitlines()]

    @property
    def lying(self):
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture(params=VERSIONS)
def script(tmp_path, request):
    return Listening(tmp_path, request.param)


@pytest.fixture(params=VERSIONS)
def reaper(tmp_path, request):
    return Reaper(tmp_path, lua=request.param)


@pytest.mark.parametrize("system", ["Other", "OSX32", "OSX64", "macOS-arm64", "Win32", "Win64"])
def test_it_lies_where_the_service_looks(tmp_path, monkeypatch, system):
    reaper = Reaper(tmp_path, system=system)
    for name in ("HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    platform = {"O": "linux", "W": "win32"}.get(system[0] if system != "OSX32" and system != "OSX64" else "", "darwin")
    monkeypatch.setattr("retone_bridge.paths.sys.platform", platform)
    assert reaper.lua_values(FOLDER) == reaper.shown_path(spool_folder())


def test_without_a_home_an_action_says_so_and_leaves_no_undo_step(reaper):
    reaper.environment["HOME"] = ""
    reaper.answer_message("ok", containing="HOME is not set")
    run = reaper.run(EDIT)
    reaper.tick()
    assert run.ended
    assert reaper.project.undo.names == []


@pytest.mark.parametrize(("system", "name"), [("Other", "HOME"), ("Win64", "LOCALAPPDATA")])
def test_without_a_home_there_is_none(tmp_path, system, name):
    reaper = Reaper(tmp_path, system=system)
    reaper.environment[name] = ""
    for code in (FOLDER, 'return require("retone.spool").open()', 'return require("retone.spool").clip("r1", "x")'):
        found, why = reaper.lua_values(code)
        assert found is None
        assert f"{name} is not set" in why
    assert reaper.lua_values('return require("retone.spool").heartbeat()') is None


def windows_of(user, in_code_page, folder, clock=None):
    """A Windows user's REAPER, whose environment comes in the code page of the system."""
    reaper = Reaper(folder, system="Win64", clock=clock)
    home = folder / "Users" / user
    reaper.resources = home / "AppData/Roaming/REAPER"
    own = f"{reaper.shown_path(folder)}\\Users\\{in_code_page}"
    reaper.environment |= {"USERPROFILE": own, "LOCALAPPDATA": own + "\\AppData\\Local"}
    return reaper, home / "AppData/Local/retone/spool"


# One whose letters the code page has, one of whom it makes another, one whom it cannot name.
USERS = {"José": "Jos\udce9", "Łucja": "Lucja", "娜": "?"}


@pytest.mark.parametrize("user", USERS)
def test_on_windows_a_user_may_have_any_name(tmp_path, user):
    reaper, folder = windows_of(user, USERS[user], tmp_path)
    assert reaper.lua_values(FOLDER) == reaper.shown_path(folder)
    code = """
    local spool, wav, files = require("retone.spool"), require("retone.wav"), require("retone.files")
    assert(spool.open():send("/retone/version"))
    local path = spool.clip("r1", "piano")
    assert(assert(assert(wav.create(path, 8000, 1)):write({ 0.5 })):finish())
    assert(files.write(path .. ".old", "old"))
    files.remove(path .. ".old")"""
    reaper.lua_run(code)
    (request,) = (folder / "in").glob("*.osc")
    assert decode(request.read_bytes())[0] == Message("/retone/version", ())
    assert soundfile.info(folder / "clips/r1/piano.wav").frames == 1
    left = [path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".osc", ".wav")]
    # What cannot be removed is emptied at least, where a copy stands for it.
    assert sorted(path.read_bytes() for path in left) == ([] if user == "José" else [b"", b"", b"old"])


def test_where_replies_cannot_be_removed_a_script_takes_a_new_name_before_there_are_too_many(tmp_path):
    clock = Clock()
    reaper, folder = windows_of("娜", "?", tmp_path, clock)
    reaper.lua_run("""
    local box = require("retone.spool").open()
    local function go_on()
      for _, message in ipairs(box:receive()) do
        reaper.ShowConsoleMsg(message[2] .. "\\n")
      end
      box:send("/retone/version")
      reaper.defer(go_on)
    end
    go_on()""")

    def look():
        clock.now += 0.21
        reaper.tick()

    def names():
        return {path.name.split("-")[0] for path in (folder / "in").glob("*.osc")}

    def put(client, count):
        (folder / "out" / client).mkdir(parents=True)
        for number in range(1, count + 1):
            (folder / "out" / client / f"{number:06}.osc").write_bytes(encode(Message("/x", (number,))))

    (old,) = names()
    for _ in range(20):
        look()
    put(old, 210)
    look()
    assert reaper.console.split() == [str(number) for number in range(1, 201)]
    assert len(list((folder / "out" / old).iterdir())) == 210
    (new,) = names() - {old}
    put(new, 3)
    look()
    assert reaper.console.split()[200:] == ["1", "2", "3"]


def test_a_portable_reaper_on_windows_needs_a_name_that_is_text(tmp_path):
    reaper, _folder = windows_of("José", "Jos\udce9", tmp_path)
    reaper.resources = Path("D:/REAPER")
    assert reaper.lua_values(FOLDER)[0] is None


def test_requests_are_whole_files_numbered_from_1(reaper):
    code = """
    local box = require("retone.spool").open()
    for seed = 1, 3 do assert(box:send("/retone/edit", "r1", "/é.wav", "seed", seed, "strength", 0.5)) end
    return box.client"""
    client = reaper.lua_values(code)
    assert re.fullmatch("c[0-9a-f]{12}", client)
    files = sorted((reaper.home / SPOOL / "in").iterdir())
    assert [path.name for path in files] == [f"{client}-00000{number}.osc" for number in (1, 2, 3)]
    messages = [decode(path.read_bytes())[0] for path in files]
    assert messages[1] == Message("/retone/edit", ("r1", "/é.wav", "seed", 2, "strength", 0.5))


def test_each_run_has_a_name_of_its_own(reaper):
    code = 'local names = require("retone.names") return names.id("r"), names.id("r")'
    one, other = reaper.lua_values(code)
    assert one != other
    assert re.fullmatch("r[0-9a-f]{12}", one)


@pytest.mark.parametrize("argument", ["'\\xff.wav'", "'\\xed\\xa0\\x80'", "'a\\0b'"])
def test_what_the_service_could_not_read_is_not_sent(reaper, argument):
    why = reaper.lua_values(f'return require("retone.spool").open():send("/retone/clips", {argument})')[1]
    assert "no UTF-8 text" in why
    assert not (reaper.home / SPOOL).exists()


def test_what_is_too_long_is_not_sent(reaper):
    code = 'return require("retone.spool").open():send("/retone/clips", ("x"):rep(...))'
    assert reaper.lua_values(code, 8000) is True
    assert "shorten its texts" in reaper.lua_values(code, 8192)[1]
    assert len(list((reaper.home / SPOOL / "in").iterdir())) == 1


def test_a_folder_that_cannot_be_written_is_named(reaper):
    (reaper.home / SPOOL).mkdir(parents=True)
    (reaper.home / SPOOL / "in").touch()
    sent, why = reaper.lua_values('return require("retone.spool").open():send("/retone/status")')
    assert sent is None
    assert str(reaper.home / SPOOL / "in") in why
    assert "Check the folder's rights" in why


def test_a_full_disk_is_told_and_nothing_is_left(reaper, tmp_path):
    (tmp_path / "x.part").symlink_to("/dev/full")
    done, why = reaper.lua_values('return require("retone.files").write(...)', tmp_path / "x.part", "bytes")
    assert done is None
    assert "No space left on device. Make room on the disk." in why
    assert list(tmp_path.glob("x*")) == []


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("loop.wav", "loop"),
        ("My Loop 2.flac", "My-Loop-2"),
        ("é\"'/\\:*?.wav", "clip"),
        ("../../etc/passwd", "etc-passwd"),
        ("a.b_c-d", "a.b_c-d"),
        ("nul.wav", "clip-nul"),
        ("COM1", "clip-COM1"),
        ("", "clip"),
        ("x" * 80, "x" * 60),
        ("\udcff\udcfe", "clip"),
    ],
)
def test_a_clip_has_a_name_that_every_system_takes(reaper, name, slug):
    path = reaper.lua_values('return require("retone.spool").clip("r1", ...)', name)
    assert path == str(reaper.home / SPOOL / "clips" / "r1" / f"{slug}.wav")
    assert (reaper.home / SPOOL / "clips" / "r1").is_dir()


def test_replies_come_in_order_and_the_last_one_stays(script):
    assert script.heard() == []
    script.put(1, "one", 2, 0.5)
    script.put(2)
    assert script.heard() == ["one 2 0.5", "2"]
    assert script.lying == ["000002.osc"]
    script.put(3)
    assert script.heard() == ["3"]
    assert script.lying == ["000003.osc"]


def test_it_looks_at_most_five_times_a_second(script):
    script.heard()
    script.put(1)
    assert script.heard(looks=9, seconds=0.02) == []
    assert script.heard(looks=2, seconds=0.02) == ["1"]


def test_it_reads_for_at_most_5_ms(script):
    script.heard()
    for number in range(1, 31):
        script.put(number)
    script.clock.step = 0.002
    first = script.heard()
    assert 1 <= len(first) <= 4
    assert first + script.heard(looks=30) == [str(number) for number in range(1, 31)]


def test_what_cannot_be_read_yet_is_tried_again(script):
    script.put(1, data=b"")
    script.put(2)
    assert script.heard(looks=3) == []
    script.put(1)
    assert script.heard() == ["1", "2"]


def test_what_cannot_be_read_at_all_is_given_up(script):
    script.put(1, data=b"\xff" * 100)
    script.put(2)
    script.put(3, data=b"x" * 9000)
    assert script.heard(looks=25) == ["2"]
    assert script.lying == ["000003.osc"]


@pytest.mark.skipif(os.name != "posix", reason="a link that leads nowhere cannot be made here")
def test_a_file_that_another_program_holds_is_waited_for(script):
    # What is there and cannot be opened, also by root: a folder of this name reads as no file.
    (script.folder / "000001.osc").mkdir(parents=True)
    script.put(2)
    assert script.heard(looks=4) == []
    (script.folder / "000001.osc").rmdir()
    script.put(1)
    assert script.heard() == ["1", "2"]


def test_a_number_that_is_missing_is_passed_over(script):
    script.put(1)
    assert script.heard() == ["1"]
    script.put(4)
    script.put(3)
    assert script.heard(looks=3) == []
    assert script.heard(looks=12) == ["3", "4"]


def test_a_folder_that_was_swept_and_begun_anew_is_read_from_its_start(script):
    for number in range(1, 6):
        script.put(number)
    assert len(script.heard()) == 5
    (script.folder / "000005.osc").unlink()
    script.folder.rmdir()
    script.put(1, "anew")
    assert script.heard(looks=12) == ["anew"]
    script.put(2)
    assert script.heard() == ["2"]


def test_what_could_not_be_removed_is_not_read_again(script):
    for number in range(1, 4):
        script.put(number)
    assert len(script.heard()) == 3
    script.put(1)
    assert script.heard(looks=30) == []
    script.put(4)
    assert script.heard() == ["4"]


def test_looking_costs_next_to_nothing(reaper):
    code = """
    local box = require("retone.spool").open()
    box:receive()
    local began = reaper.time_precise()
    for _ = 1, 100 do
      box.look_at = 0
      box:receive()
    end
    return (reaper.time_precise() - began) / 100"""
    (reaper.home / SPOOL / "out").mkdir(parents=True)
    began = time.perf_counter()
    assert reaper.lua_values(code) < 0.005
    assert time.perf_counter() - began < 2
