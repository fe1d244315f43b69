"""64 clients with 100 requests each while the engine renders on the same cores: each is acknowledged or told busy.

python -m faults.pressure [--small] [--clients N] [--each N] [--figures PATH]
"""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from faults.clips import tiled_demo
from faults.figures import Row, main, milliseconds, spread
from faults.witness import folder_with_clip, service
from retone_bridge.client import Client
from retone_bridge.paths import JOURNAL
from retone_bridge.protocol import Progress
from retone_bridge.workers import engine_command

SMALL = {"clients": 64, "each": 36}
LONG = {"clients": 64, "each": 200}

ROOMY = (("jobs.Jobs", "waiting_limit", 100_000), ("jobs.Jobs", "asker_limit", 1000))


def campaign(clients, each):
    """As it is served, in turns and in a rush, and in turns with room for all of the jobs."""
    with folder_with_clip() as (folder, clip):
        long_clip = tiled_demo(folder, 240)  # rendering it takes longer than the campaign
        found = {}
        for name, mode, serving in (
            ("turns", "turns", lambda state: retone_serve(state)),
            ("rush", "rush", lambda state: retone_serve(state)),
            ("all_acknowledged", "turns", lambda state: service(state, engine_command("cpu"), defaults=ROOMY)),
        ):
            state = folder / name
            with serving(state) as (_, port), Client(port=port) as client:
                rendering = client.edit(long_clip, "strings", id="rendering", steps=200, strength=1.0)
                for event in rendering:
                    if isinstance(event, Progress) and event.stage in ("invert", "replay"):
                        break
                heard = _crowd(port, clip, mode, clients, each)
                still = client.status(10).running == "rendering"
            found[name] = _figures(heard, clients * each, state, still)
        return {"clients": clients, "each": each, **found}


def _figures(heard, requests, state, still):
    answers = heard["answers"]
    acked = {id for id, (word, _) in answers.items() if word == "ack"}
    with sqlite3.connect(state / JOURNAL) as journal:
        kept = {id for (id,) in journal.execute("SELECT id FROM jobs WHERE id != 'rendering'")}
    journal.close()
    return {
        "requests": requests,
        "acknowledged": len(acked),
        "told_busy": sum(word == "busy" for word, _ in answers.values()),
        "failed": sum(word == "fail" for word, _ in answers.values()),
        "unanswered": requests - len(answers),
        "acknowledged_and_not_kept": len(acked - kept),
        "kept_and_not_acknowledged": len(kept - acked),
        "sent_again": heard["sent_again"],
        "seconds": round(heard["seconds"], 2),
        "rendering_all_the_while": still,
        "ack": spread([seconds for word, seconds in answers.values() if word == "ack"]),
        "any_answer": spread([seconds for _, seconds in answers.values()]),
    }


def _crowd(port, clip, mode, clients, each):
    """What ``faults.crowd`` hears, in a process of its own."""
    command = [sys.executable, "-m", "faults.crowd", *map(str, (port, clip, mode, clients, each, "c"))]
    tests = Path(__file__).parents[1]
    return json.loads(subprocess.run(command, cwd=tests, capture_output=True, text=True, check=True).stdout)


@contextmanager
def retone_serve(state, *options):
    """`retone serve` on a free port, as (process, port)."""
    command = (sys.executable, "-m", "retone_bridge.cli", "serve", "--port", "0", "--device", "cpu", "--state", state)
    with (state.parent / "serve.log").open("a") as log:
        process = subprocess.Popen(
            [*map(str, command), *options],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, "HOME": str(state.parent)},  # whose spool is not this machine's user's
        )
    try:
        yield process, int(process.stdout.readline().split("127.0.0.1:")[1].split()[0])
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def rows(figures):
    told = {
        "turns": "each asking again as soon as it was answered",
        "rush": "each sending all of its requests at once",
        "all_acknowledged": "with room for all of them",
    }
    return [_row(f"{figures['clients']} clients, {how}", figures[name]) for name, how in told.items()]


def _row(how, found):
    return Row(
        "Every request is acknowledged or told busy while a job renders",
        how,
        found["requests"],
        f"{found['acknowledged']} acknowledged, {found['told_busy']} told busy, {found['unanswered']} unanswered, "
        f"{found['acknowledged_and_not_kept']} acknowledged and not kept; the answer came after: "
        + milliseconds(found["any_answer"]),
    )


if __name__ == "__main__":
    sys.exit(main(campaign, SMALL, LONG))
