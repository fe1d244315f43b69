"""The installed copy, as REAPER runs it: an action finds its library beside it, and starts the service it came with."""

import pytest

from retone_bridge.install.command import service_command
from retone_bridge.install.scripts import INSTALLED, installed

pytest.importorskip("lupa", reason="needs lupa (pip install lupa)")

from reaper.fake import Reaper


def test_the_installed_action_starts_this_service(retone, home, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")  # what REAPER has when it is started from a desktop
    resource = home / "REAPER's ü"
    scripts = resource / "Scripts" / "Retone"
    scripts.parent.mkdir(parents=True)
    (resource / "reaper.ini").touch()
    retone("install", "reaper", "--path", resource)
    # Otherwise it would take the port of a service of this machine's.
    (scripts / INSTALLED).write_bytes(installed((*service_command(), "--port", "0", "--device", "cpu")))
    (tmp_path / "r").mkdir()
    reaper = Reaper(tmp_path / "r", scripts=scripts)
    reaper.environment["HOME"] = str(home)
    reaper.runs_commands = True
    heartbeat = home / ".local/share/retone/spool/heartbeat.osc"
    try:
        action = reaper.run("Retone - start the service")
        reaper.until(lambda: action.ended, seconds=60)
        assert reaper.lua_values('return (require("retone.service").state())') == "running"
    finally:
        reaper.lua_values('return require("retone.spool").open():send("/retone/quit")')
        reaper.until(lambda: not heartbeat.exists(), seconds=30)
