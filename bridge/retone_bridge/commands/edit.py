"""retone edit: one clip, one prompt or several over time, one file beside it."""

from __future__ import annotations

import argparse
from typing import Any

from retone_bridge.commands import preset, settings, work
from retone_engine.request import EditRequest


def add(commands: Any) -> None:
    edit = commands.add_parser("edit", help="edit a clip by a prompt", description=__doc__)
    edit.add_argument("clip", metavar="IN", help="an audio file")
    edit.add_argument(
        "prompt",
        metavar="PROMPT",
        nargs="?",
        help="what the clip should sound like; not needed with --segments or --preset",
    )
    edit.add_argument("--preset", metavar="NAME", help="settings to begin with; what else is given here wins")
    work.add_options(edit, "edit")
    edit.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    source = work.clip(options.clip)
    begin = preset.load(options.preset, options) if options.preset is not None else {}
    request = EditRequest.of(str(source), {**begin, **settings.collected(options, "edit")})
    return work.carry_out(work.Plan.of(request, options), options)
