"""An engine without a model: it speaks the pipe and copies the clip, of a WAV the region. The prompt tells it more:

"slow"       works in steps of 50 ms until it is cancelled or 10 s are over
"slow once"  the same, unless a file "slowed" lies beside the clip
"deaf"       the same, but sees no cancel
"silent"     says nothing for 10 s
"linger"     takes its time at every point where a kill would hurt: around the hidden part, the name and the events
"late"       takes a second between its last look at the bridge and its files, as a decode does
"crash"      dies in the middle
"crash once" dies in the middle unless a file "crashed" lies beside the clip
"signal N"   dies of the signal N
"segfault"   reads where nothing is
"leave"      ends in the middle, with exit code 0
"garbage"    writes what is no event, then works
"close"      closes its standard output, and lives on
"fail CODE"  fails with that code
"load"       fails with unknown_model while a file "no model" lies beside the clip
"warn"       warns, then works
"count"      adds a line to the file "starts" beside the clip

Where there is no prompt, the source prompt says it. A directions job tells of its directions before its results.
Files are written as the engine writes them (``retone_engine.audio.atomic``), and it ends when nobody speaks to it.
"""

import ctypes
import json
import os
import queue
import secrets
import struct
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from filelock import FileLock

LINGER_SECONDS = 0.01

orders = queue.Queue()
cancelled = set()
deserted = threading.Event()


def say(event, **values):
    sys.stdout.write(json.dumps({"event": event, **values}) + "\n")
    sys.stdout.flush()


def listen():
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] == "cancel":
            cancelled.add(order["job"])
        elif order["do"] == "quit":
            orders.put(None)
            return
        else:
            orders.put(order)
    deserted.set()
    orders.put(None)


def progress(job, fraction, stage):
    if deserted.is_set():
        sys.exit()
    say("progress", job=job, fraction=fraction, stage=stage, seconds_left=1 - fraction)


def render(order):
    job, request = order["job"], order["request"]
    prompt = request.get("prompt") or request["source_prompt"]
    clip = Path(order["request"]["path"])
    progress(job, 0.1, "read")
    if prompt == "count":
        with (clip.parent / "starts").open("a") as file:
            file.write(f"{job}\n")
    if prompt == "load" and (clip.parent / "no model").exists():
        return say("fail", job=job, code="unknown_model", message="There is no model here.")
    if prompt.startswith("fail "):
        return say("fail", job=job, code=prompt.removeprefix("fail "), message="The script says fail.")
    misbehave(prompt, clip)
    if prompt == "warn":
        say("warning", job=job, code="mono", message="The script warns.")
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
    pause = LINGER_SECONDS if prompt == "linger" else 0
    if prompt == "linger":
        for step in range(4):
            if job in cancelled:
                return say("fail", job=job, code="cancelled", message="The job was cancelled.")
            progress(job, 0.2 + step / 10, "invert")
            time.sleep(pause)
    progress(job, 0.9, "write")
    time.sleep(1 if prompt == "late" else 0)
    if not order["overwrite"]:
        for output in order["outputs"]:
            if os.path.lexists(output):
                return say("fail", job=job, code="output_exists", message=f"{output} is there already.")
    for output in order["outputs"]:
        write(stamped(cut(clip.read_bytes(), request), job), Path(output), job, pause, order["overwrite"])
        time.sleep(pause)
    for index, output in enumerate(order["outputs"], 1):
        say("result", job=job, index=index, path=output)
        time.sleep(pause)
    return say("done", job=job, count=len(order["outputs"]), figures={"seconds": 0.1})


def misbehave(prompt, clip):
    if prompt == "crash" or (prompt == "crash once" and not (clip.parent / "crashed").exists()):
        (clip.parent / "crashed").touch()
        sys.stderr.write("the script says crash\n")
        sys.stderr.flush()
        os._exit(9)
    if prompt.startswith("signal "):
        os.kill(os.getpid(), int(prompt.removeprefix("signal ")))
    if prompt == "segfault":
        ctypes.string_at(0)
    if prompt == "leave":
        sys.stdout.flush()
        os._exit(0)
    if prompt == "garbage":
        lines = ('{"event": "done"}', "[]", "\ufffd not even JSON", '{"event": {}, "job": 1}', "x" * 100_000)
        sys.stdout.write("\n".join(lines) + "\n")
    if prompt == "close":
        os.close(sys.stdout.fileno())
        deserted.wait(10)
        sys.exit()
    if prompt == "silent":
        deserted.wait(10)


def write(data, output, job, pause, overwrite):
    hidden = output.with_name(f".retone-{job}.{secrets.token_hex(8)}.part")
    try:
        with hidden.open("xb") as file:
            file.write(data[: len(data) // 2])
            file.flush()
            time.sleep(pause)
            file.write(data[len(data) // 2 :])
            file.flush()
            os.fsync(file.fileno())
        time.sleep(pause)
        if overwrite:
            hidden.replace(output)
        else:
            output.hardlink_to(hidden)
            time.sleep(pause)
    finally:
        hidden.unlink(missing_ok=True)


def cut(clip, request):
    """The bytes of ``clip`` with the region alone, where it is a WAV and a part of it is asked for."""
    start, frames = request["region_start"], request["region_frames"]
    place = 12
    if clip[:4] != b"RIFF" or not (start or frames):
        return clip
    while clip[place : place + 4] != b"data":
        place += 8 + struct.unpack_from("<I", clip, place + 4)[0]
    (size,), (block,) = struct.unpack_from("<I", clip, place + 4), struct.unpack_from("<H", clip, 32)
    sound = clip[place + 8 : place + 8 + size][start * block :][: frames and frames * block]
    rest = clip[8:place] + _chunk(b"data", sound)
    return b"RIFF" + struct.pack("<I", len(rest)) + rest


def stamped(clip, job):
    """The bytes of ``clip`` as a result of ``job``: a WAV gets a recipe where the engine puts it, or keeps its own."""
    if clip[:4] != b"RIFF":
        return clip
    recipe = {"kind": "retone recipe", "version": 1}
    place = clip.find(b"LIST")
    if place > 0 and b"retone recipe" in clip:
        size = struct.unpack_from("<I", clip, place + 4)[0]
        recipe = json.loads(clip[place + 20 : place + 8 + size].rstrip(b"\0"))
        clip = clip[:place] + clip[place + 8 + size + size % 2 :]
    text = json.dumps({**recipe, "job": job}).encode() + b"\0"
    end = 20 + struct.unpack("<I", clip[16:20])[0]
    rest = clip[12:end] + _chunk(b"LIST", b"INFO" + _chunk(b"ICMT", text)) + clip[end:]
    return b"RIFF" + struct.pack("<I", 4 + len(rest)) + b"WAVE" + rest


def _chunk(name, body):
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


if __name__ == "__main__":
    if "unusable" in sys.argv:
        say("unusable", code="device_error", message="There is no such device here; use --device cpu.")
        sys.exit(1)
    threading.Thread(target=listen, daemon=True).start()
    if "--lock" in sys.argv:
        held = FileLock(sys.argv[-1])
        held.acquire()
    say("ready", device="cpu", model="script", version="0")
    with suppress(BrokenPipeError):
        while (order := orders.get()) is not None:
            render(order)
