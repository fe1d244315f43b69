"""What is left where something fails between two results."""

import sys

import pytest

from retone_bridge.protocol import Fail
from retone_bridge.runner import AtService, OwnEngine
from retone_engine.request import EditRequest, RetoneError

# Writes its first result; then it fails, or dies.
_HALF = """
import json, os, sys
def say(event, **values):
    print(json.dumps({"event": event, **values}), flush=True)
say("ready", device="cpu", model="half", version="0")
order = json.loads(sys.stdin.readline())
first = order["outputs"][0]
open(first, "w").write("new")
say("result", job=order["job"], index=1, path=first)
if sys.argv[1] == "die":
    os._exit(9)
say("fail", job=order["job"], code="disk_full", message="The disk is full.")
sys.stdin.readline()
"""


@pytest.mark.parametrize(("way", "code"), [("fail", "disk_full"), ("die", "worker_crashed")])
@pytest.mark.parametrize("force", [False, True])
def test_a_name_that_was_overwritten_is_never_left_empty(tmp_path, way, code, force):
    outputs = (tmp_path / "new-1.wav", tmp_path / "new-2.wav")
    if force:
        for path in outputs:
            path.write_text("old")
    engine = OwnEngine((sys.executable, "-c", _HALF, way))
    try:
        *_, last = engine.run(EditRequest("/clip.wav", prompt="x", variations=2), outputs, force=force)
    finally:
        engine.close()
    assert isinstance(last, Fail)
    assert last.code == code
    # With force, what is whole and new stays; without, nothing was there and nothing is left.
    left = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert left == ({"new-1.wav": "new", "new-2.wav": "old"} if force else {})


def test_a_name_that_is_taken_meanwhile_stays_and_nothing_else_is_left(service, clip):
    outputs = (clip.parent / "new-1.wav", clip.parent / "new-2.wav")
    outputs[1].write_text("theirs")
    runner = AtService.found(service.port)
    try:
        with pytest.raises(RetoneError, match=r"new-2.wav is there already"):
            list(runner.run(EditRequest(str(clip), prompt="x", variations=2), outputs))
    finally:
        runner.close()
    left = [path.name for path in clip.parent.iterdir() if path.is_file()]
    assert sorted(left) == ["My loop.wav", "new-2.wav"]
    assert outputs[1].read_text() == "theirs"
