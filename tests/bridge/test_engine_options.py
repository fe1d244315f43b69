"""What the engine's process is told on its command line: where it keeps inversions, and whether to be warm."""

import pytest

from bridge.command_line import NO_SERVICE, run
from bridge.harness import SCRIPT, running
from retone_bridge import workers
from retone_bridge.cli import main
from retone_bridge.paths import state_folder


@pytest.fixture
def told(monkeypatch):
    """The command lines of all engines; a scripted one is started in place of each."""
    lines = []

    def command(*given):
        lines.append(workers.engine_command(*given))
        return SCRIPT

    for module in ("commands.work", "server"):
        monkeypatch.setattr(f"retone_bridge.{module}.engine_command", command)
    return lines


def after(line, option):
    return line[line.index(option) + 1]


def test_a_service_keeps_inversions_in_its_own_folder(told, tmp_path):
    with running(tmp_path / "state", worker=(), inversions_gb=2.5):
        pass
    (line,) = told
    assert after(line, "--inversions") == str(tmp_path / "state" / "inversions")
    assert after(line, "--keep-inversions") == "2.5"
    assert "--warm" not in line


def test_a_service_that_is_to_be_warm_says_so_to_every_engine(told, tmp_path):
    with running(tmp_path / "state", worker=(), warm=True):
        pass
    assert [line[-1] for line in told] == ["--warm"]


@pytest.mark.parametrize(("given", "expected"), [((), "1.0"), (("--keep-inversions", "0"), "0.0")])
def test_an_edit_without_a_service_keeps_them_in_the_users(told, clip, capsys, given, expected):
    assert run(capsys, "edit", clip, "strings", "--no-picture", *NO_SERVICE, *given)[0] == 0
    (line,) = told
    assert after(line, "--inversions") == str(state_folder() / "inversions")
    assert after(line, "--keep-inversions") == expected
    assert "--warm" not in line, "nobody waits for a model that is loaded at once anyway"


def test_serve_takes_both_options(monkeypatch, tmp_path):
    asked = []

    class Server:
        endpoint = "nowhere"

        def __init__(self, settings):
            asked.append(settings)

        def run(self):
            pass

        stop = run

    monkeypatch.setattr("retone_bridge.server.Server", Server)
    monkeypatch.setattr("retone_bridge.closing.on_closing", lambda stop, ended: None)
    assert main(["serve", "--state", str(tmp_path), "--warm", "--keep-inversions", "3"]) == 0
    assert (asked[0].warm, asked[0].inversions_gb) == (True, 3.0)
