"""The engine's process fails in every way it can: only that job feels it, a fresh one takes the next, all are answered.

    python -m faults.isolation [--small] [--rounds N] [--engine-cases N] [--figures PATH]

Half of the cases are acted by the scripted worker; in the others the real engine breaks inside a network call of the
pocket model (``faulty_engine``). No GPU is needed: the device that fails is torch's "meta", on which the worker goes
the way that it goes on any device that is no CPU.
"""

import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from bridge.harness import SCRIPT
from faults.clips import DEMO
from faults.figures import Row, main, milliseconds, spread
from faults.watch import Watch
from faults.witness import Witness, folder_with_clip, service
from retone_bridge.protocol import Done, Fail, Progress, Warned
from retone_engine.request import RetoneError

SMALL = {"rounds": 1, "engine_cases": 2}
LONG = {"rounds": 10, "engine_cases": 5}

BROKEN = str(Path(__file__).with_name("faulty_engine.py"))
QUICK = {"steps": 6, "strength": 0.5, "region_frames": 22050}
IMPATIENT = (("workers.WorkerProcess", "silence_seconds", 1.0),)
# Longer than the engine is silent while it loads the pocket model on a busy machine.
PATIENT = (("workers.WorkerProcess", "silence_seconds", 10.0),)


@dataclass(frozen=True)
class Case:
    """``code``: how the job is to end, empty when it is to be done; ``again``: after it was begun once more.

    ``replaced``: another process takes the next job; ``says``: a part of the reason that the client is told.
    """

    name: str
    how: str
    code: str
    again: bool = False
    replaced: bool = True
    says: str = ""


SCRIPTED = (
    Case("killed", "signal 9", "worker_crashed", again=True, says="signal 9"),
    Case("aborts", "signal 6", "worker_crashed", again=True, says="signal 6"),
    Case("segfaults", "segfault", "worker_crashed", again=True, says="signal 11"),
    Case("exits with 9", "crash", "worker_crashed", again=True, says="exit code 9. the script says crash"),
    Case("exits with 0", "leave", "worker_crashed", again=True, says="exit code 0"),
    Case("dies once", "crash once", "", again=True, says="exit code 9"),
    Case("is silent", "silent", "worker_hung", says="silent"),
    Case("is stopped", "signal 19", "worker_hung", says="silent"),
    Case("closes its output", "close", "worker_hung"),
    Case("writes garbage", "garbage", "", replaced=False),
    Case("out of memory, it says", "fail out_of_memory", "out_of_memory", replaced=False),
    Case("device error, it says", "fail device_error", "device_error", again=True),
)
ENGINE = (
    Case("engine: segfaults in a network call", "segfault", "worker_crashed", again=True, says="signal 11"),
    Case("engine: has no memory left", "memory", "out_of_memory", replaced=False),
    Case("engine: its device fails", "device", "device_error", again=True),
    Case("engine: killed in a network call", "killed", "worker_crashed", again=True, says="signal 9"),
    Case("engine: a network call never returns", "stuck", "worker_hung", says="silent"),
)


def campaign(rounds, engine_cases):
    """Every case ``rounds`` times, each followed by a job that must be done; of ``ENGINE`` the first so many."""
    met, seconds, unanswered = [], [], 0
    for _ in range(rounds):
        with folder_with_clip() as (folder, clip), service(folder / "state", defaults=IMPATIENT) as (process, port):
            with Watch(port) as watch, Witness(port=port, patience_seconds=30) as client:
                for case in SCRIPTED:
                    with suppress(FileNotFoundError):
                        (clip.parent / "crashed").unlink()
                    met.append(_met(case, process, client, lambda prompt: client.edit(clip, prompt)))
            seconds, unanswered = seconds + watch.seconds, unanswered + watch.unanswered
        for case in ENGINE[:engine_cases]:
            with folder_with_clip() as (folder, _):
                found, watch = _in_the_engine(case, folder)
            met.append(found)
            seconds, unanswered = seconds + watch.seconds, unanswered + watch.unanswered
    kept = [_held(name, worker) for name, worker in UNUSABLE]
    return {
        "cases": len(met),
        "kinds": len(SCRIPTED) + engine_cases,
        "wrong": [fault for found in (*met, *kept) for fault in found["wrong"]],
        "seconds": {found["name"]: [round(found["seconds"], 1), round(found["next_seconds"], 1)] for found in met},
        "next_job_done_after": spread([found["next_seconds"] for found in met]),
        "status_unanswered": unanswered,
        "status": spread(seconds),
        "unusable": len(kept),
        "jobs_held": sum(found["held"] for found in kept),
        "jobs_of_an_unusable_engine": sum(found["jobs"] for found in kept),
        "jobs_done_after_restart": sum(found["done"] for found in kept),
    }


def _in_the_engine(case, folder):
    flag = folder / "broken"
    flag.touch()
    worker = (sys.executable, BROKEN, case.how, str(flag))
    defaults = PATIENT if case.code == "worker_hung" else ()
    with (
        service(folder / "state", worker=worker, defaults=defaults) as (process, port),
        Watch(port) as watch,
        Witness(port=port, patience_seconds=30) as client,
    ):

        def edit(prompt):
            if prompt == "strings":  # the job after the broken one
                flag.unlink()
            return client.edit(DEMO, prompt, **QUICK)

        found = _met(case, process, client, edit)
    return found, watch


def _met(case, process, client, edit):
    """How one case went: what was ``wrong``, and how long the next job then took."""
    before, started, events = _workers(process), time.monotonic(), []
    for event in edit(case.how):
        if isinstance(event, Progress) and not any(isinstance(each, Progress) for each in events):
            before = _workers(process)  # until now the engine may have been starting
        events.append(event)
    end = events[-1]
    warnings = [event for event in events if isinstance(event, Warned) and event.code == "begun_again"]
    ended = time.monotonic()
    *_, following = edit("strings")
    took = time.monotonic() - ended
    after = _workers(process)
    reason = " ".join(event.message for event in events if isinstance(event, Warned | Fail))
    expected = {
        f"ends with {case.code or 'done'}": getattr(end, "code", "") == case.code,
        "begun again" if case.again else "not begun again": len(warnings) == case.again,
        f"says {case.says!r}": case.says in reason,
        "the next job is done": isinstance(following, Done),
        f"{'another' if case.replaced else 'the same'} process takes it": case.replaced == (before != after),
        "one end only": len(client.ends[end.id]) == 1,
    }
    wrong = [f"{case.name}: not so: {sentence} ({end})" for sentence, so in expected.items() if not so]
    return {"name": case.name, "wrong": wrong, "seconds": ended - started, "next_seconds": took}


def _workers(process):
    return {child.pid for child in psutil.Process(process.pid).children()}


UNUSABLE = (
    ("says that it cannot", (*SCRIPT, "unusable")),
    ("ends at once", (sys.executable, "-c", "raise SystemExit(7)")),
    ("is not there", ("/there/is/no/such/program",)),
)


def _held(name, worker):
    """Jobs asked of a service whose engine cannot start: held, not lost, and done after a restart with one that can."""
    jobs, held, done, wrong = 3, 0, 0, []
    with folder_with_clip() as (folder, clip):
        with service(folder / "state", worker=worker) as (_, port), Witness(port=port, patience_seconds=2) as client:
            for k in range(jobs):
                try:
                    for event in client.edit(clip, "strings", id=f"r{k}"):
                        if isinstance(event, Warned) and event.code == "held":
                            held += 1
                            break
                    if not client.status(5).trouble:
                        wrong.append(f"an engine that {name}: the status tells of no trouble")
                except RetoneError as error:
                    wrong.append(f"an engine that {name}: {error}")
        with service(folder / "state") as (_, port), Witness(port=port) as client:
            done = sum(isinstance([*client.follow(f"r{k}")][-1], Done) for k in range(jobs))
        return {"held": held, "jobs": jobs, "done": done, "wrong": wrong}


def rows(figures):
    return [
        Row(
            "A fault of the engine fails that job alone",
            f"{figures['kinds']} kinds of fault: killed, segfault, abort, exits, hangs, no memory, device errors, "
            "garbage; scripted, and inside the real engine's network calls",
            figures["cases"],
            f"{len(figures['wrong'])} ends, reasons or next jobs were wrong; the next job was done after: "
            + milliseconds(figures["next_job_done_after"]),
        ),
        Row(
            "The service answers while engines die",
            "/retone/status every 10 ms during all of it",
            figures["status"]["count"] + figures["status_unanswered"],
            f"{figures['status_unanswered']} unanswered; {milliseconds(figures['status'])}",
        ),
        Row(
            "An engine that cannot start loses no job",
            f"{figures['unusable']} engines that say so, end at once or are not there; then one that can",
            figures["jobs_of_an_unusable_engine"],
            f"{figures['jobs_held']} were held and told why, {figures['jobs_done_after_restart']} done after a restart",
        ),
    ]


if __name__ == "__main__":
    sys.exit(main(campaign, SMALL, LONG))
