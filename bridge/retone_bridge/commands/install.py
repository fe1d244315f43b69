"""retone install: scripts into REAPER, the device into Live, the service among what starts at login, and away again."""

from __future__ import annotations

from typing import Any

from retone_bridge.commands.install_files import run_live, run_reaper
from retone_bridge.commands.install_login import run_login


def add(commands: Any) -> None:
    install = commands.add_parser(
        "install",
        help="put the scripts into REAPER or the device into Live, or start the service at login",
        description=__doc__,
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
    live = places.add_parser("live", help="the device, into Live's User Library", description=run_live.__doc__)
    live.add_argument("--path", metavar="DIR", help="the User Library (the one that Live's own settings name)")
    live.set_defaults(run=run_live)
    at = places.add_parser(
        "login",
        help="the service, when you log in",
        usage="%(prog)s [-h] [--dry-run] [--remove] [-- OPTION ...]",
        description=run_login.__doc__,
    )
    at.add_argument("serve", nargs="*", metavar="OPTION", help="options of retone serve, after --")
    at.set_defaults(run=run_login)
    for command in (into, live, at):
        command.add_argument("--dry-run", action="store_true", help="show what would be done, and change nothing")
        command.add_argument("--remove", action="store_true", help="undo it")
