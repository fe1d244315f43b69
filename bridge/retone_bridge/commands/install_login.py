"""The part of retone install that has the system start the service when its user logs in."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from retone_bridge.commands import serve
from retone_bridge.install import login
from retone_bridge.install.command import service_command
from retone_engine.request import RetoneError


def run_login(options: argparse.Namespace) -> int:
    """Has the system start the service when you log in, with the options of retone serve that follow --."""
    if not options.remove:
        _check(options.serve)
    command = (*service_command(), *options.serve)
    entry = login.Entry.of(command, sys.platform, os.environ)
    state = entry.state()
    if options.dry_run:
        print("Nothing is changed; this would be done:")
    if options.remove:
        return _off(entry, state, options.dry_run)
    if state != "same" and not options.dry_run:
        entry.write()
    print(f"  {({'absent': 'new', 'other': 'updated', 'same': 'as it was'})[state]}  {entry.path}")
    print(f"At login this is started: {_shown(command)}")
    if options.dry_run:
        return 0
    if sys.platform == "darwin":
        print(f"To start it now: launchctl bootstrap gui/{os.getuid()} {_shown([str(entry.path)])}")
    elif sys.platform == "win32":
        print(f"To start it now, open {entry.path}")
    else:
        trouble = login.systemctl("daemon-reload") or login.systemctl("enable", login.UNIT)
        if trouble:
            raise RetoneError(
                "not_running",
                f"The file is there, but nothing will start it yet: {trouble}. Where systemd runs: systemctl --user "
                f"enable {login.UNIT}; elsewhere let your desktop's autostart run the command above.",
            )
        print(f"To start it now: systemctl --user start {login.UNIT}")
    return 0


def _off(entry: login.Entry, state: str, dry_run: bool) -> int:
    if state == "absent":
        print(f"The service does not start at login: there is no {entry.path}.")
        return 0
    print(f"  removed  {entry.path}")
    if not dry_run:
        of_systemd = sys.platform not in ("darwin", "win32")
        trouble = login.systemctl("disable", login.UNIT) if of_systemd else ""
        entry.remove()
        if of_systemd:
            trouble = trouble or login.systemctl("daemon-reload")
        if trouble:
            print(f"  note: systemd was not told: {trouble}")
    print("A service that runs now goes on; end it with: retone send /retone/quit")
    return 0


def _check(words: Sequence[str]) -> None:
    """Raises RetoneError, or ends with argparse's usage, on options with which the service would not start."""
    from retone_bridge import guard

    top = argparse.ArgumentParser(prog="retone")
    serve.add(top.add_subparsers())
    options = top.parse_args(["serve", *words])
    named = [*options.root, *filter(None, (options.state, options.token_file))]
    if options.model and Path(options.model).is_dir():
        named.append(options.model)
    for given in named:
        if not Path(given).is_absolute():
            raise RetoneError("bad_request", f"{given} is no full path, and at login nobody knows from where; say it.")
    guard.Guard(options.host, guard.read_token(options.token_file, {}), options.pair)


def _shown(command: Sequence[str]) -> str:
    if sys.platform == "win32":
        return subprocess.list2cmdline(command)
    return shlex.join(command)
