"""The device's modules from Python: `call("region", "seconds_of_beat", markers, 4.0)` runs one of their functions.

Each call has a fresh context with ES5's globals alone, in a node process that stays. JSON goes in, JSON comes out.
"""

import atexit
import json
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

HOST = Path(__file__).with_name("host")

_idle = {}


def node():
    """The path of node; without it, on a user's machine, the test is skipped."""
    found = shutil.which("node")
    if not found:
        pytest.skip("node is not installed")
    return found


def start(script):
    """A node process that answers each line of JSON by one; what it says otherwise goes to the test's own output."""
    command = [node(), str(HOST / script)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")


def ask(process, question):
    """The answer to one line; raises AssertionError with what went wrong on the other side."""
    try:
        process.stdin.write(json.dumps(question) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
    except BrokenPipeError:
        line = ""
    except BaseException:
        process.kill()  # an answer that nobody waits for any more would be taken for that to the next question
        raise
    if not line:
        raise AssertionError(f"node ended with {process.wait()} at {question}")
    answer = json.loads(line)
    if "error" in answer:
        raise AssertionError(answer["error"])
    return answer["result"]


def stop(process):
    with suppress(BrokenPipeError):
        process.stdin.close()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


def borrow(script):
    """A process of this script that a test before has handed back, or a new one: starting one takes a while."""
    waiting = _idle.setdefault(script, [])
    return waiting.pop() if waiting else start(script)


def hand_back(script, process):
    """The next test may have it, unless it has ended."""
    if process.poll() is None:
        _idle.setdefault(script, []).append(process)
    else:
        stop(process)


@atexit.register
def _stop_all():
    for waiting in _idle.values():
        for process in waiting:
            stop(process)


def call(module, function, *arguments):
    """What max_for_live/device/MODULE.js gives for this; raises AssertionError with what it threw."""
    process = borrow("call.js")
    try:
        return ask(process, {"module": module, "function": function, "arguments": arguments})
    finally:
        hand_back("call.js", process)
