"""Jobs: admission, order, cancel, recovery. One thread owns this; nothing here waits.

A job is on the disk before it is acknowledged, runs alone, and comes to exactly one end: done or fail.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from retone_bridge.journal import Job, Journal
from retone_bridge.paths import Places
from retone_bridge.pipe import Crashed, Finished, Ready, Render, Unusable, WorkerEvent
from retone_bridge.protocol import Ack, Busy, Direction, Done, Fail, Progress, Queued, Reply, Result, Warned
from retone_bridge.repeats import RESEND_SECONDS, Repeats
from retone_bridge.udp import Endpoint
from retone_bridge.underway import UnderWay
from retone_bridge.workers import Executor
from retone_engine.request import ClipRequest, RetoneError

log = logging.getLogger(__name__)

WAITING_LIMIT = 64
ASKER_LIMIT = 16
RETRY_MS = 2000
# A job during which the service died this often is not begun again.
CRASHES_LIMIT = 2

Tell = Callable[[Reply, Endpoint | None], None]


class Jobs:
    """All jobs of one service.

    ``announce(reply, asker)`` reaches the asker and every subscriber, ``answer(reply, asker)`` the asker alone.
    """

    def __init__(
        self,
        journal: Journal,
        executor: Executor,
        places: Places,
        announce: Tell,
        answer: Tell,
        *,
        waiting_limit: int = WAITING_LIMIT,
        asker_limit: int = ASKER_LIMIT,
    ) -> None:
        self._journal = journal
        self._executor = executor
        self._places = places
        self._announce = announce
        self._answer = answer
        self._waiting_limit = waiting_limit
        self._asker_limit = asker_limit
        self._waiting: dict[str, Job] = {}  # in order
        self._run: UnderWay | None = None
        self._repeats = Repeats(answer)

    @property
    def running(self) -> str:
        return self._run.job.id if self._run else ""

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def recover(self) -> None:
        """Takes up what an earlier service left; call it once, first."""
        for job in self._journal.unfinished():
            job = replace(job, starts=max(1, job.starts))
            if job.state == "running":
                self._journal.crashed(job.id)
                job = replace(job, state="queued", crashes=job.crashes + 1)
            if job.crashes >= CRASHES_LIMIT:
                message = f"The service died {job.crashes} times during this job; try a shorter region."
                self._fail(job, "worker_crashed", message)
            else:
                self._waiting[job.id] = job
        for job in self._journal.unreceived(seconds=sum(RESEND_SECONDS)):
            self._remember(job, _end_of(job))
        if self._waiting:
            log.info("%d jobs of an earlier run are taken up again", len(self._waiting))
        self._next()

    def admit(self, id: str, request: ClipRequest, asker: Endpoint, *, waits: bool = True) -> None:
        """Keeps, acknowledges and orders a job, or says why not. ``waits``: the asker confirms the end.

        Asked again with the same contents it is an ack and the present state; with others, id_reused.
        """
        try:
            known = self._journal.find(id)
            if known is not None:
                self._repeat(known, request, asker)
            elif self._is_full(asker):
                self._answer(Busy(id, RETRY_MS), asker)
            else:
                clip = self._places.clip(request.path)
                outputs = self._places.outputs(clip, id, request.results, request.output_folder)
                job = Job(id, request, str(clip), tuple(map(str, outputs)), asker, received=not waits)
                self._journal.add(job)
                self._answer(Ack(id), asker)
                self._waiting[id] = job
                self._announce(Queued(id, len(self._waiting) if self._run else 0), asker)
                self._next()
        except RetoneError as error:
            self._answer(Fail(id, error.code, error.message), asker)

    def tell_state(self, id: str, asker: Endpoint) -> None:
        """Tells the asker where the job is, and makes it the one who hears the rest."""
        job = self._journal.find(id)
        if job is None:
            self._answer(Fail(id, "unknown_job", f"No job is called {id}; it may be older than the journal."), asker)
            return
        self._adopt(job, asker)
        if job.ended:
            results = (Result(id, index, path) for index, path in enumerate(job.results, 1))
            for told in (*job.directions, *results, _end_of(job)):
                self._answer(told, asker)
        elif self._run is not None and self._run.job.id == id:
            for reply in self._run.told():
                self._answer(reply, asker)
        else:
            self._answer(Queued(id, list(self._waiting).index(id) + 1), asker)

    def cancel(self, id: str, asker: Endpoint) -> None:
        """Ends a job early; one that has ended, or is not known, is told as it is."""
        if self._run is not None and self._run.job.id == id:
            self._run.cancelling = True
            self._executor.cancel(id)
        elif (job := self._waiting.pop(id, None)) is not None:
            self._fail(job, "cancelled", "The job was cancelled before it began.")
            self._tell_positions()
        else:
            self.tell_state(id, asker)

    def received(self, id: str) -> None:
        self._repeats.drop(id)
        self._note(self._journal.received, id)

    def heard(self, event: WorkerEvent) -> None:
        """Takes in what the engine says."""
        run = self._run
        if isinstance(event, Ready):
            log.info("the engine is ready: %s on %s", event.model, event.device)
        elif run is None:
            log.info("the engine said without a job: %s", event)
        elif isinstance(event, Crashed):
            if run.cancelling:
                self._end(run, "cancelled", "The job was cancelled; the engine did not stop in time and was ended.")
            else:
                advice = "Another engine takes the next job; try a shorter region if it happens again."
                self._end(run, "worker_crashed", f"{event.message} {advice}")
        elif isinstance(event, Unusable):
            self._end(run, event.code, event.message)
        elif event.id != run.job.id:
            log.info("the engine said late: %s", event)
        elif isinstance(event, Progress | Warned | Direction | Result):
            self._tell(run.job, run.take(event))
        elif isinstance(event, Finished):
            self._end(run)
        else:
            if event.code == "device_error":
                self._executor.retire()
            self._end(run, event.code, event.message)

    def tick(self) -> None:
        """Repeats what has to be repeated; call it several times a second."""
        self._executor.tick()
        if self._run is not None:
            self._tell(self._run.job, self._run.overdue())
        self._repeats.tick()

    def close(self) -> None:
        """Stops the engine; the job that runs is put back for the next start."""
        self._executor.stop()
        if self._run is not None:
            self._note(self._journal.put_back, self._run.job.id)
            self._run = None

    def _repeat(self, known: Job, request: ClipRequest, asker: Endpoint) -> None:
        if known.asked != request:
            raise RetoneError("id_reused", f"{known.id} was asked for with other contents; choose a new id.")
        self._answer(Ack(known.id), asker)
        self.tell_state(known.id, asker)

    def _is_full(self, asker: Endpoint) -> bool:
        of_asker = sum(job.asker == asker for job in self._waiting.values())
        return len(self._waiting) >= self._waiting_limit or of_asker >= self._asker_limit

    def _adopt(self, job: Job, asker: Endpoint) -> None:
        if job.asker == asker:
            return
        self._note(self._journal.asked_by, job.id, asker)
        if self._run is not None and self._run.job.id == job.id:
            self._run.job = replace(self._run.job, asker=asker)
        elif job.id in self._waiting:
            self._waiting[job.id] = replace(self._waiting[job.id], asker=asker)

    def _next(self) -> None:
        if self._run is not None or not self._waiting:
            return
        id = next(iter(self._waiting))
        job = self._waiting.pop(id)
        self._note(self._journal.start, id)
        self._run = UnderWay(job)
        # What an earlier start of this very job left in place is its own to replace.
        request = replace(job.asked, path=job.clip)
        self._executor.give(Render(id, request, job.outputs, overwrite=job.starts > 0))
        self._tell_positions()

    def _tell(self, job: Job, reply: Reply | None) -> None:
        if reply is not None:
            self._announce(reply, job.asker and Endpoint(*job.asker))

    def _tell_positions(self) -> None:
        for position, job in enumerate(self._waiting.values(), 1):
            self._tell(job, Queued(job.id, position))

    def _end(self, run: UnderWay, code: str = "", message: str = "") -> None:
        self._run = None
        self._come_to_end(run.ended("failed" if code else "done", code, message))
        self._next()

    def _fail(self, job: Job, code: str, message: str) -> None:
        """Ends a job that does not run."""
        self._come_to_end(replace(job, state="failed", code=code, message=message))

    def _come_to_end(self, job: Job) -> None:
        self._note(self._journal.end, job)
        end = _end_of(job)
        self._tell(job, end)
        self._remember(job, end)

    def _note(self, write: Callable[..., None], *values: object) -> None:
        """Writes what is no promise yet: when the disk is full the job goes on, and is done again at the next start."""
        try:
            write(*values)
        except RetoneError as error:
            log.error("not noted in the journal: %s", error.message)

    def _remember(self, job: Job, end: Reply) -> None:
        if job.asker is not None and not job.received:
            self._repeats.add(job.id, end, Endpoint(*job.asker))


def _end_of(job: Job) -> Done | Fail:
    if job.state == "done":
        first = job.results[0] if job.results else str(Path())
        return Done(job.id, len(job.results), first)
    return Fail(job.id, job.code, job.message)
