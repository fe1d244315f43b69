"""The parts of retone install that copy files of ours into another program's folder."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from pathlib import Path

from retone_bridge.install import live, reaper
from retone_bridge.install.command import service_command
from retone_bridge.install.copying import Plan
from retone_bridge.install.scripts import INSTALLED, copies, installed, scripts
from retone_bridge.terminal import STATUS

_DRY = "Nothing is changed; this would be done:"
_LIVE = f"""In Live's browser it is in Places > User Library > {live.INNER.replace("/", " > ")}: drag Retone onto a
track. Where a set holds an older one, open it again, or drag the new one in.

It needs Max for Live, which comes with Live Suite. Live 11.3.25 and later 11.3, and 12.0.5 and later, let it lay clips
into the set; in older ones it shows the path of the file, to be dragged in. The service must run: retone serve, or
retone install login, which starts it whenever you log in."""


def run_reaper(options: argparse.Namespace) -> int:
    """Copies the scripts to Scripts/Retone in REAPER's folder, or brings them up to date there."""
    resources = reaper.named(options.path) if options.path else reaper.folders(sys.platform, os.environ)
    files = {} if options.remove else {**scripts(), INSTALLED: installed(service_command())}
    plans = [Plan.of(Path(os.path.realpath(folder / "Scripts")) / "Retone", files) for folder in resources]
    if options.dry_run:
        print(_DRY)
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


def run_live(options: argparse.Namespace) -> int:
    """Copies the device Retone.amxd into Live's User Library, or brings it up to date there."""
    library = live.named(options.path) if options.path else live.found(sys.platform, os.environ)
    files = {} if options.remove else {live.DEVICE: live.device()}
    plan = Plan.of(library.effects, files, live.NOTE)
    if options.dry_run:
        print(_DRY)
    else:
        plan.carry_out()
    print(f"Live's User Library {library.folder} ({library.why}):")
    _show(plan, each=options.dry_run)
    if options.remove:
        if any(step.what == "removed" and step.name == live.DEVICE for step in plan.steps):
            print("\nIn sets that hold it, the device is shown as missing from now on; what it landed stays.")
        return 0
    print()
    print(_LIVE)
    return STATUS["output_exists"] if plan.kept_out else 0


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
        of_ours = f"all {same} files are" if same > 1 else "".join(plan.files) + " is"
        print(f"  {of_ours} up to date" if plan.files else "  nothing of Retone's is there")
    elif same:
        print(f"  {same} more {'files are' if same > 1 else 'file is'} up to date")
