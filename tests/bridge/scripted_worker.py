"""An engine without a model: it speaks the pipe and copies the clip. The prompt says how it behaves:

"slow"       works in steps of 50 ms until it is cancelled or 10 s are over
"slow once"  the same, unless a file "slowed" lies beside the clip
"deaf"       the same, but sees no cancel
"silent"     says nothing for 10 s
"crash"      dies in the middle
"crash once" dies in the middle unless a file "crashed" lies beside the clip
"fail CODE"  fails with that code
"warn"       warns, then works
"count"      adds a line to the file "starts" beside the clip

Where there is no prompt, the source prompt says it. A directions job tells of its directions before its results.
"""

import json
import os
import queue
import shutil
import sys
import threading
import time
from pathlib import Path


def say(event, **values):
    sys.stdout.write(json.dumps({"event": event, **values}) + "\n")
    sys.stdout.flush()


orders = queue.Queue()
cancelled = set()


def listen():
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] == "cancel":
            cancelled.add(order["job"])
        elif order["do"] == "quit":
            break
        else:
            orders.put(order)
    orders.put(None)


def progress(job, fraction, stage):
    say("progress", job=job, fraction=fraction, stage=stage, seconds_left=1 - fraction)


def render(order):
    job, request = order["job"], order["request"]
    prompt = request.get("prompt") or request["source_prompt"]
    clip = Path(order["request"]["path"])
    progress(job, 0.1, "read")
    if prompt == "count":
        with (clip.parent / "starts").open("a") as file:
            file.write(f"{job}\n")
    if prompt == "crash" or (prompt == "crash once" and not (clip.parent / "crashed").exists()):
        (clip.parent / "crashed").touch()
        sys.stderr.write("the script says crash\n")
        sys.stderr.flush()
        os._exit(9)
    if prompt.startswith("fail "):
        return say("fail", job=job, code=prompt.removeprefix("fail "), message="The script says fail.")
    if prompt == "warn":
        say("warning", job=job, code="mono", message="The script warns.")
    if prompt == "silent":
        time.sleep(10)
    described = request["count"] if request["kind"] == "directions" and request["only"] is None else 0
    for number in range(1, described + 1):
        progress(job, 0.5, "find")
        where = {"start": 100 * number, "frames": 400, "low_hz": 125.0 * number, "high_hz": 1000.0}
        say("direction", job=job, direction=number, share=0.5**number, **where)
    if prompt in ("slow", "deaf") or (prompt == "slow once" and not (clip.parent / "slowed").exists()):
        (clip.parent / "slowed").touch()
        for step in range(200):
            if job in cancelled and prompt != "deaf":
                return say("fail", job=job, code="cancelled", message="The job was cancelled.")
            progress(job, 0.1 + step / 250, "invert")
            time.sleep(0.05)
    for index, output in enumerate(order["outputs"], 1):
        progress(job, 0.9, "write")
        if Path(output).exists() and not order["overwrite"]:
            return say("fail", job=job, code="output_exists", message=f"{output} is there already.")
        shutil.copyfile(clip, output)
        say("result", job=job, index=index, path=output)
    return say("done", job=job, count=len(order["outputs"]), figures={"seconds": 0.1})


if sys.argv[1:] == ["unusable"]:
    say("unusable", code="device_error", message="There is no such device here; use --device cpu.")
    sys.exit(1)
threading.Thread(target=listen, daemon=True).start()
say("ready", device="cpu", model="script", version="0")
while (order := orders.get()) is not None:
    render(order)
