"""retone install: the scripts into REAPER, the service among what starts at login, and both away again."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from retone_bridge.commands import serve
from retone_bridge.install import login, reaper
from retone_bridge.install.command import service_command
from retone_bridge.install.copying import Plan
from retone_bridge.install.scripts import INSTALLED, copies, installed, scripts
from retone_bridge.terminal import STATUS
from retone_engine.request import RetoneError


def add(commands: Any) -> None:
    install = commands.add_parser(
        "install", help="put the scripts into REAPER, or start the service at login", description=__doc__
    )
    places = install.add_subparsers(title="what", metavar="WHAT", required=True)
    into = places.add_parser("reaper", help="the scripts, into REAPER's folder", description=run_reaper.__doc__)
    into.add_argument(
        "--path",
        action="append",
        default=[],
        metavar="DIR",
        help="the folder that holds reaper.ini, as of a portable REAPER; may be repeated (where REAPER usually has it)",
    )
    into.set_defaults(run=run_reaper)
    at = places.add_parser(
        "login",
        help="the service, when you log in",
        usage="%(prog)s [-h] [--dry-run] [--remove] [-- OPTION ...]",
        description=run_login.__doc__,
    )
    at.add_argument("serve", nargs="*", metavar="OPTION", help="options of retone serve, after --")
    at.set_defaults(run=run_login)
    for command in (into, at):
        command.add_argument("--dry-run", action="store_true", help="show what would be done, and change nothing")
        command.add_argument("--remove", action="store_true", help="undo it")


def run_reaper(options: argparse.Namespace) -> int:
    """Copies the scripts to Scripts/Retone in REAPER's folder, or brings them up to date there."""
    resources = reaper.named(options.path) if options.path else reaper.folders(sys.platform, os.environ)
    files = {} if options.remove else {**scripts(), INSTALLED: installed(service_command())}
    plans = [Plan.of(Path(os.path.realpath(folder / "Scripts")) / "Retone", files) for folder in resources]
    if options.dry_run:
        print("Nothing is changed; this would be done:")
    for resource, plan in zip(resources, plans, strict=True):
        print(f"REAPER's folder {resource}:")
        if not options.dry_run:
            plan.carry_out()
        _show(plan, each=options.dry_run)
        for other in copies(plan.folder.parent, plan.folder, scripts()):
            print(
                f"  note: another copy of the scripts lies in {other}, so that the action list may run the one or the "
                "other; keep one of them (what ReaPack put there is removed with ReaPack)"
            )
    print()
    if options.remove:
        print("Actions that you had loaded are still named in REAPER's action list; remove them there.")
        return 0
    print("To load the actions into REAPER, which is needed once: Actions > Show action list > New action >")
    print('Load ReaScript, and open all files there whose names begin with "Retone -" (Shift selects several):')
    for plan in plans:
        print(f"  {plan.folder}")
    return STATUS["output_exists"] if any(plan.kept_out for plan in plans) else 0


def _show(plan: Plan, *, each: bool) -> None:
    """What becomes of which files: how many in which folder, or ``each`` by its name. A kept one is always named."""
    counts = Counter((step.what, (plan.folder / step.name).parent) for step in plan.steps if step.what != "kept")
    for step in plan.steps:
        path = plan.folder / step.name
        if each or step.what == "kept":
            print(f"  {step.what:<8} {path}" + (f" ({step.why})" if step.why else ""))
        elif count := counts.pop((step.what, path.parent), 0):
            print(f"  {step.what:<8} " + (f"{count} files in {path.parent}" if count > 1 else str(path)))
    same = len(plan.files) - sum(step.name in plan.files for step in plan.steps)
    if not plan.steps:
        print(f"  all {same} files are up to date" if plan.files else "  nothing of Retone's is there")
    elif same:
        print(f"  {same} more {'files are' if same > 1 else 'file is'} up to date")


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
