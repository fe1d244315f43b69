"""How jobs come to their ends: written down, told, and told again until somebody has heard."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from retone_bridge import leftovers
from retone_bridge.askers import LEASE_SECONDS
from retone_bridge.journal import Job, Journal
from retone_bridge.logs import note
from retone_bridge.protocol import Done, Fail, Reply
from retone_bridge.repeats import Repeats
from retone_bridge.udp import Endpoint
from retone_engine.request import RetoneError

log = logging.getLogger(__name__)

WRITE_AGAIN_SECONDS = 1.0


class Ends:
    """The ends of one service's jobs; ``tell`` reaches a job's asker and every subscriber, ``answer`` one endpoint."""

    def __init__(
        self, journal: Journal, tell: Callable[[Job, Reply], None], answer: Callable[[Reply, Endpoint], None]
    ) -> None:
        self._journal = journal
        self._tell = tell
        self._repeats = Repeats(answer)
        self._unwritten: dict[str, Job] = {}  # ends that the disk had no room for
        self._write_again_at = 0.0

    def recover(self) -> None:
        """Goes on telling the ends that an earlier service told without being heard."""
        for job in self._journal.unreceived(seconds=LEASE_SECONDS):
            self.repeat(job)

    def find(self, id: str) -> Job | None:
        """The job as it is, also when the journal could not be told of its end yet."""
        return self._unwritten.get(id) or self._journal.find(id)

    def come(self, job: Job) -> None:
        """``job`` has come to its end."""
        code = {"code": job.code} if job.code else {}
        seconds = max(0.0, round(time.time() - job.changed, 3))  # since it was asked for, or its service began
        note(log, logging.INFO, f"job {job.state}", job=job.id, **code, seconds=seconds)
        if job.message:
            note(log, logging.DEBUG, "job failed because", job=job.id, message=job.message)
        self._write(job)
        self._tell(job, told(job))
        self.repeat(job)

    def repeat(self, job: Job) -> None:
        """Tells the end of ``job`` to its asker again and again, unless it has said that it knows."""
        if job.asker is not None and not job.received:
            self._repeats.add(job.id, told(job), Endpoint(*job.asker))

    def received(self, id: str) -> None:
        """The asker knows."""
        self._repeats.drop(id)
        noted(self._journal.received, id)

    def tick(self) -> None:
        """Tells and writes what is due; call it several times a second."""
        self._repeats.tick()
        if self._unwritten and time.monotonic() > self._write_again_at:
            self._write_again_at = time.monotonic() + WRITE_AGAIN_SECONDS
            self.close()

    def close(self) -> None:
        """Writes what could not be written yet."""
        for job in list(self._unwritten.values()):
            self._write(job)

    def _write(self, job: Job) -> None:
        self._unwritten[job.id] = job
        if noted(self._journal.end, job):
            del self._unwritten[job.id]


def told(job: Job) -> Done | Fail:
    """What is said of the end of ``job``."""
    if job.state == "done":
        return Done(job.id, len(job.results), job.results[0] if job.results else str(Path()))
    return Fail(job.id, job.code, job.message)


def adopted(job: Job) -> Job:
    """``job``, whose files are all in place, as it is when it is done; nothing hidden is left beside them."""
    for folder in {Path(path).parent for path in job.outputs}:
        leftovers.sweep(folder, job.id)
    return replace(job, state="done", results=job.outputs, code="", message="")


def failed(job: Job, code: str, message: str) -> Job:
    return replace(job, state="failed", code=code, message=message)


def is_finished(job: Job) -> bool:
    """Whether all files of ``job`` are there, though nobody has said so.

    Of directions more is to be told than the files: they are found again.
    """
    return job.asked.kind != "directions" and leftovers.finished(job.outputs, job.id)


def noted(write: Callable[..., None], *values: object) -> bool:
    """Writes what is no promise yet: when the disk is full the job goes on; gives whether it was written."""
    try:
        write(*values)
    except RetoneError as error:
        note(log, logging.ERROR, "not noted in the journal", code=error.code)
        return False
    return True
