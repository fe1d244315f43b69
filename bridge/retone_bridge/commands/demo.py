"""retone demo: a real service, real OSC and the bundled clip; the result as sound, picture and REAPER project."""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from retone_bridge import engine, rpp
from retone_bridge.client import Client
from retone_bridge.commands import work
from retone_bridge.protocol import Done, Fail, Progress, Reply
from retone_bridge.terminal import STAGES, Display, interrupt_calls, table
from retone_engine.request import RetoneError

PROMPT = "played by a string quartet"
BEATS_PER_MINUTE = 96.0  # of the bundled clip
_CLIP = Path(__file__).parent.parent / "data" / "demo.flac"
_ID = "demo"


def add(commands: Any) -> None:
    demo = commands.add_parser("demo", help="edit a bundled clip, into a REAPER project", description=__doc__)
    demo.add_argument("--out", default="retone-demo", metavar="DIR", help="a new folder (%(default)s)")
    demo.add_argument("--prompt", default=PROMPT, help="(%(default)s)")
    demo.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"), help="(%(default)s)")
    demo.add_argument("--model", help="another model than the shipped one")
    demo.set_defaults(run=run)


@dataclass
class Stages:
    """How long each stage took, seen from the outside: from its first report to the next stage's."""

    started: float = field(default_factory=time.monotonic)
    seconds: dict[str, float] = field(default_factory=dict)
    _stage: str = "load"

    def hear(self, event: Reply) -> None:
        now = time.monotonic()
        self.seconds[self._stage] = self.seconds.get(self._stage, 0.0) + now - self.started
        self.started = now
        if isinstance(event, Progress):
            self._stage = event.stage


def run(options: argparse.Namespace) -> int:
    out = work.free(Path(options.out).expanduser().absolute())
    out.mkdir(parents=True)
    try:
        _fill(out, options)
    except BaseException:
        shutil.rmtree(out)
        raise
    return 0


def _fill(out: Path, options: argparse.Namespace) -> None:
    # Sound libraries and the service's modules take a while to import, which other commands need not wait for.
    import soundfile

    before, after, picture = out / "before.wav", out / "after.wav", out / "comparison.png"
    samples, rate = soundfile.read(_CLIP, dtype="int16", always_2d=True)
    soundfile.write(before, samples, rate, subtype="PCM_16")
    display, stages = Display(), Stages()
    with _service(options, out) as port, Client(port=port) as client:
        display.say(f"A service listens on 127.0.0.1:{port}; asking it for: {options.prompt}")
        with interrupt_calls(lambda: client.cancel(_ID)):
            for event in client.edit(before, options.prompt, id=_ID, output_folder=str(out)):
                stages.hear(event)
                display.show(event)
                if isinstance(event, Fail):
                    display.clear()
                    raise RetoneError(event.code, event.message)
                if isinstance(event, Done):
                    Path(event.first_path).rename(after)
        display.clear()
        status = client.status()
    display.say("drawing the picture")
    engine.draw(before, (after,), picture)
    project = out / "demo.rpp"
    project.write_text(_project(options.prompt, before, after, len(samples), rate), encoding="utf-8")
    _report(options.prompt, (before, after, picture, project), stages, f"{status.model} on {status.device}")


@contextmanager
def _service(options: argparse.Namespace, out: Path) -> Iterator[int]:
    """A service of its own on a free port, with a journal that goes with it."""
    from retone_bridge.server import Server, Settings, in_background

    with tempfile.TemporaryDirectory(prefix="retone-demo-") as state:
        settings = Settings(
            port=0, model=options.model, device=options.device, roots=(str(out),), state=Path(state).resolve()
        )
        server = Server(settings)
        thread = in_background(server)
        try:
            yield server.endpoint.port
        finally:
            server.stop()
            thread.join()


def _project(prompt: str, before: Path, after: Path, frames: int, rate: int) -> str:
    seconds = frames / rate
    tracks = [
        rpp.Track("original", (rpp.Item("original", before.name, 0.0, seconds),)),
        rpp.Track(f"Retone: {prompt}", (rpp.Item(prompt, after.name, 0.0, seconds),)),
    ]
    return rpp.project(tracks, rate=rate, beats_per_minute=BEATS_PER_MINUTE)


def _report(prompt: str, files: tuple[Path, ...], stages: Stages, place: str) -> None:
    what = ("the clip", f"the edit: {prompt}", "both, as spectrograms", "both, as a REAPER project")
    print(table([("file", "holds"), *zip(files, what, strict=True)]))
    print()
    times = [(STAGES.get(stage, stage), f"{seconds:.1f} s") for stage, seconds in stages.seconds.items()]
    total = f"{sum(stages.seconds.values()):.1f} s"
    print(table([("stage", "took"), *times, ("all", total)]))
    print(f"\nmodel and device: {place}")
