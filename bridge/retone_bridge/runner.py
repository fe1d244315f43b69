"""One request for the command line: at the service that runs, or in an engine of its own.

Both ways give the same events, and files of the same names.
"""

from __future__ import annotations

import os
import queue
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from retone_bridge import leftovers
from retone_bridge.client import Client, new_id
from retone_bridge.paths import check_new
from retone_bridge.pipe import Crashed, Finished, Ready, Render, Unusable, WorkerEvent
from retone_bridge.protocol import Direction, Done, Fail, Progress, Reply, Result, Warned
from retone_bridge.workers import WorkerProcess
from retone_engine.request import Bounds, ClipRequest, RetoneError

TICK_SECONDS = 0.5
# Where the engine may have had no time to tidy up.
_DIED = {"worker_crashed", "worker_hung", "cancelled"}


class Runner(Protocol):
    """A way to have a request done; ``outputs`` are the names of its results, in order."""

    def run(self, request: ClipRequest, outputs: Sequence[Path], *, force: bool) -> Iterator[Reply]: ...
    def cancel(self) -> None: ...
    def close(self) -> None: ...


class OwnEngine:
    """An engine process that lives as long as this object. Raises what WorkerProcess raises."""

    def __init__(self, command: Sequence[str]) -> None:
        self._events: queue.Queue[WorkerEvent] = queue.Queue()
        self._worker = WorkerProcess(command, self._events.put)
        self._id = ""
        self._cancelled = False

    def run(self, request: ClipRequest, outputs: Sequence[Path], *, force: bool = False) -> Iterator[Reply]:
        """Events to the end, Done or Fail; a failed or cancelled job leaves no file, with ``force`` no empty name."""
        written: list[Path] = []
        id = new_id()
        for event in self._do(Render(id, request, tuple(map(str, outputs)), force, Bounds(id))):
            if isinstance(event, Result):
                written.append(Path(event.path))
            if isinstance(event, Fail):
                # With force a name held something before: a whole new file is better there than none.
                _remove(() if force else written)
                if event.code in _DIED:
                    leftovers.sweep(outputs[0].parent, id)
            yield event

    def cancel(self) -> None:
        self._cancelled = True
        self._worker.cancel(self._id)

    def close(self) -> None:
        self._worker.stop()

    def _do(self, order: Render) -> Iterator[Reply]:
        self._id = order.id
        results: list[str] = []
        last = Progress(order.id, 0.0, "load", -1.0)
        self._worker.give(order)
        while True:
            try:
                event = self._events.get(timeout=TICK_SECONDS)
            except queue.Empty:
                self._worker.tick()
                # One slow call, or a model that loads: the last report again, with the time that has passed.
                if last.seconds_left > 0:
                    last = replace(last, seconds_left=max(0.0, last.seconds_left - TICK_SECONDS))
                yield last
                continue
            match event:
                case Ready():
                    pass
                case Progress():
                    last = replace(event, fraction=max(event.fraction, last.fraction))
                    yield last
                case Warned() | Direction():
                    yield event
                case Result():
                    results.append(event.path)
                    yield event
                case Finished():
                    yield Done(order.id, len(results), results[0] if results else "")
                    return
                case Fail():
                    yield event
                    return
                case Unusable():
                    yield Fail(order.id, event.code, event.message)
                    return
                case Crashed():
                    if self._cancelled:
                        yield Fail(order.id, "cancelled", "The job was cancelled; the engine was ended.")
                    else:
                        yield Fail(order.id, event.code, event.message)
                    return


class AtService:
    """A running service. Results are given their names here, beside where the service puts them."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._id = new_id()

    @staticmethod
    def found(port: int) -> AtService | None:
        """The service that answers at once, or None."""
        client = Client(port=port)
        try:
            client.status(0.3)
        except RetoneError:
            client.close()
            return None
        return AtService(client)

    def run(self, request: ClipRequest, outputs: Sequence[Path], *, force: bool = False) -> Iterator[Reply]:
        """Events to the end, Done or Fail; a failed or cancelled job leaves no file."""
        self._id = new_id()
        written: dict[int, Path] = {}
        for event in self._client.run(replace(request, output_folder=str(outputs[0].parent)), self._id):
            if isinstance(event, Result):
                written[event.index] = Path(event.path)
            elif isinstance(event, Fail):
                _remove(written.values())
                yield event
            elif isinstance(event, Done):
                try:
                    for index, output in enumerate(outputs, 1):
                        _rename(written[index], output, force)
                        written[index] = output
                except RetoneError:
                    _remove(path for path in written.values() if not force or path not in outputs)
                    raise
                for index, output in enumerate(outputs, 1):
                    yield Result(self._id, index, str(output))
                yield replace(event, first_path=str(outputs[0]))
            else:
                yield event

    def cancel(self) -> None:
        self._client.cancel(self._id)

    def close(self) -> None:
        self._client.close()


def _remove(files: Iterable[Path]) -> None:
    for path in files:
        path.unlink(missing_ok=True)


def _rename(path: Path, name: Path, force: bool) -> None:
    """Gives a finished file its name in the same folder, without ever replacing another unasked."""
    if not force:
        try:
            os.link(path, name)  # fails when the name is taken, where a rename would replace
            path.unlink()
            return
        except FileExistsError:
            check_new(name)
        except OSError:  # a disk without links
            check_new(name)
    path.replace(name)
