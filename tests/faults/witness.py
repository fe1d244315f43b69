"""A client that notes every end that it hears of every job, and the clips and services that campaigns work with."""

from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import soundfile

from bridge.harness import SCRIPT, kill, serve
from retone_bridge.client import Client
from retone_bridge.protocol import Done, Fail, read_reply

# Answers to a question, and no end of the job that it names.
_ANSWERS = ("id_reused", "unknown_job")


class Witness(Client):
    """``ends``: by job, all the different ends that were heard, whatever a client makes of them."""

    def __init__(self, ends=None, **options):
        super().__init__(**options)
        self.ends = defaultdict(set) if ends is None else ends

    def listen(self, seconds):
        message = super().listen(seconds)
        if message is not None and message.address in (Done.address, Fail.address):
            end = read_reply(message)
            if isinstance(end, Done):
                self.ends[end.id].add(("done", str(end.count), end.first_path))
            elif end.code not in _ANSWERS:
                self.ends[end.id].add(("fail", end.code))
        return message


def short_clip(folder):
    """A tenth of a second: the scripted worker does not look inside."""
    path = Path(folder) / "loop.wav"
    soundfile.write(path, [0.1, -0.1] * 400, 8000)
    return path


@contextmanager
def folder_with_clip():
    """A folder that goes away, and a short clip in it."""
    with TemporaryDirectory(prefix="retone-faults-") as made:
        folder = Path(made)
        (folder / "clips").mkdir()
        yield folder, short_clip(folder / "clips")


@contextmanager
def service(state, worker=SCRIPT, port=0, defaults=()):
    """A service in a process of its own, as (process, port), as ``serve`` starts it."""
    process, port = serve(state, port, worker, defaults)
    try:
        yield process, port
    finally:
        kill(process)
