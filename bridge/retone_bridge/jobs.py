"""Jobs: admission, order, cancel, recovery. One thread owns this; nothing here waits.

A job is on the disk before it is acknowledged, runs alone, and comes to exactly one end: done or fail.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from retone_bridge import leftovers
from retone_bridge.ends import Ends, done, failed, is_finished, noted, told
from retone_bridge.hold import Hold
from retone_bridge.journal import Job, Journal
from retone_bridge.line import Line
from retone_bridge.logs import note
from retone_bridge.paths import Places
from retone_bridge.pipe import Crashed, Finished, Ready, Render, Unusable, WorkerEvent
from retone_bridge.protocol import Ack, Busy, Direction, Fail, Progress, Queued, Reply, Result, Warned
from retone_bridge.udp import Endpoint
from retone_bridge.underway import UnderWay
from retone_bridge.workers import Executor
from retone_engine.request import ClipRequest, RetoneError

log = logging.getLogger(__name__)

WAITING_LIMIT = 64
ASKER_LIMIT = 16
RETRY_MS = 2000
# A job during which the engine or the service died this often is not begun again.
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
        self._fresh: dict[str, Job] = {}  # admitted and not kept yet
        self._line = Line()
        self._positions: dict[str, int] = {}  # as they were told
        self._run: UnderWay | None = None
        self._hold = Hold()
        self._ends = Ends(journal, self._tell, answer)

    @property
    def running(self) -> str:
        return self._run.job.id if self._run else ""

    @property
    def waiting(self) -> int:
        return len(self._line)

    @property
    def trouble(self) -> str:
        """Why no engine can be had; empty when all is well."""
        return self._hold.why

    def writes(self, path: Path) -> bool:
        """Whether a job that has not ended makes the file ``path``."""
        jobs = (*self._line, *self._fresh.values(), *((self._run.job,) if self._run else ()))
        return any(str(path) in job.outputs for job in jobs)

    def recover(self) -> None:
        """Takes up what an earlier service left; call it once, first."""
        for job in self._journal.unfinished():
            # One that is queued may have been begun all the same, when the disk was too full to note it.
            job = replace(job, starts=max(1, job.starts))
            if job.state == "running":
                self._journal.crashed(job.id)
                job = replace(job, state="queued", crashes=job.crashes + 1)
            if job.crashes >= CRASHES_LIMIT and not is_finished(job):
                message = f"The service died {job.crashes} times during this job; try a shorter region."
                self._fail(job, "worker_crashed", message)
            else:
                self._line.add(job)
        self._ends.recover()
        if self._line:
            note(log, logging.INFO, "recovered", jobs=len(self._line))
        self._next()

    def admit(self, id: str, request: ClipRequest, asker: Endpoint, *, waits: bool = True) -> None:
        """Takes a job in until ``keep``, or says why not. ``waits``: the asker confirms the end.

        Asked again with the same contents it is an ack and the present state; with others, id_reused.
        """
        try:
            # What may begin at once does not wait for those that come with it.
            if id in self._fresh or self._run is None:
                self.keep()
            known = self._journal.find(id)
            if known is not None:
                self._repeat(known, request, asker)
            elif self._is_full(asker):
                self._answer(Busy(id, RETRY_MS), asker)
            else:
                clip, state = self._places.clip(request.path)
                outputs = tuple(map(str, self._places.outputs(clip, id, request)))
                job = Job(id, request, str(clip), outputs, asker, received=not waits, clip_state=state)
                self._fresh[id] = replace(job, changed=time.time())
        except RetoneError as error:
            self._answer(Fail(id, error.code, error.message), asker)

    def keep(self) -> None:
        """Writes the jobs that came together to the disk in one go, and only then acknowledges and orders them."""
        if not self._fresh:
            return
        fresh, self._fresh = list(self._fresh.values()), {}
        try:
            self._journal.add(fresh)
        except RetoneError as error:
            for job in fresh:
                self._tell_asker(job, Fail(job.id, error.code, error.message))
            return
        for job in fresh:
            note(log, logging.INFO, "job asked", job=job.id, kind=job.asked.kind)
            note(log, logging.DEBUG, "job in full", job=job.id, outputs=job.outputs, request=job.asked.values())
            self._tell_asker(job, Ack(job.id))
            self._line.add(job)
            if self._hold:
                self._tell_held(job)
        self._next()
        self._tell_positions()

    def tell_state(self, id: str, asker: Endpoint) -> None:
        """Tells the asker where the job is, and makes it the one who hears the rest."""
        self.keep()
        job = self._ends.find(id)
        if job is None:
            self._answer(Fail(id, "unknown_job", f"No job is called {id}; it may be older than the journal."), asker)
            return
        self._adopt(job, asker)
        if job.ended:
            results = (Result(id, index, path) for index, path in enumerate(job.results, 1))
            for known in (*job.directions, *results, told(job)):
                self._answer(known, asker)
            self._ends.repeat(replace(job, asker=asker))
        elif self._run is not None and self._run.job.id == id:
            for reply in self._run.told():
                self._answer(reply, asker)
        else:
            self._answer(Queued(id, [waiting.id for waiting in self._line].index(id) + 1), asker)

    def cancel(self, id: str, asker: Endpoint) -> None:
        """Ends a job early; one that has ended, or is not known, is told as it is."""
        self.keep()
        if self._run is not None and self._run.job.id == id:
            self._run.cancelling = True
            self._executor.cancel(id)
        elif (job := self._line.pop(id)) is not None:
            self._fail(job, "cancelled", "The job was cancelled before it began.")
            self._tell_positions()
        else:
            self.tell_state(id, asker)

    def received(self, id: str) -> None:
        """The asker knows the end."""
        self._ends.received(id)

    def heard(self, event: WorkerEvent) -> None:
        """Takes in what the engine says."""
        run = self._run
        match event:
            case Ready():
                note(log, logging.INFO, "engine ready", model=Path(event.model).name, device=event.device)
                self._hold.release()
                self._next()
            case Unusable() | Crashed() if event.pid != self._executor.pid:
                note(log, logging.INFO, "engine said late", engine=event.pid)
            case Unusable():
                self._take_unusable(event)
            case Crashed():
                note(log, logging.WARNING, "engine died", code=event.code, engine=event.pid)
                if run is not None:
                    self._take_crash(run, event)
            case _ if run is None or event.id != run.job.id:
                note(log, logging.INFO, "engine said late", job=event.id)
            case Progress() | Warned() | Direction() | Result():
                self._tell(run.job, run.take(event))
            case Finished():
                self._end(run)
            case Fail(code="device_error"):
                self._executor.retire()
                self._try_again(run, event.code, event.message)
            case Fail(code="output_exists") if run.job.starts > 1 and is_finished(run.job):
                # An engine whose service died has finished it in the meantime.
                self._end_as(done(run.job))
            case Fail():
                self._end(run, event.code, event.message)

    def tick(self) -> None:
        """Repeats what has to be repeated, and tries again what has to be; call it several times a second."""
        self._executor.tick()
        if self._run is not None:
            self._tell(self._run.job, self._run.overdue())
        self._ends.tick()
        if self._line and self._hold.is_due():
            self._executor.start()

    def close(self) -> None:
        """Stops the engine; the job that runs is put back for the next start."""
        self.keep()
        self._executor.stop()
        if self._run is not None:
            note(log, logging.INFO, "job put back", job=self._run.job.id)
            noted(self._journal.put_back, self._run.job.id)
            self._run = None

    def _repeat(self, known: Job, request: ClipRequest, asker: Endpoint) -> None:
        if known.asked != request:
            raise RetoneError("id_reused", f"{known.id} was asked for with other contents; choose a new id.")
        self._answer(Ack(known.id), asker)
        self.tell_state(known.id, asker)

    def _is_full(self, asker: Endpoint) -> bool:
        of_asker = self._line.of(asker) + sum(job.asker == asker for job in self._fresh.values())
        return len(self._line) + len(self._fresh) >= self._waiting_limit or of_asker >= self._asker_limit

    def _adopt(self, job: Job, asker: Endpoint) -> None:
        if job.asker == asker:
            return
        noted(self._journal.asked_by, job.id, asker)
        if self._run is not None and self._run.job.id == job.id:
            self._run.job = replace(self._run.job, asker=asker)
        elif (waiting := self._line.pop(job.id)) is not None:
            self._line.add(replace(waiting, asker=asker))

    def _next(self) -> None:
        """Begins the job whose turn it is, when nothing runs."""
        while self._run is None and not self._hold and (job := self._line.next()) is not None:
            if job.starts:
                if is_finished(job):
                    self._ends.come(done(job))
                    continue
                leftovers.discard(job.outputs, job.id)
            try:
                bounds = self._places.bounds(job.id, job.clip, job.clip_state, job.outputs)
            except RetoneError as error:
                self._fail(job, error.code, error.message)
                continue
            noted(self._journal.start, job.id)
            note(log, logging.INFO, "job begun", job=job.id)
            self._tell(job, Queued(job.id, 0))
            self._run = UnderWay(replace(job, starts=job.starts + 1))
            self._executor.give(Render(job.id, replace(job.asked, path=job.clip), job.outputs, bounds=bounds))
            self._tell_positions()

    def _take_unusable(self, event: Unusable) -> None:
        note(log, logging.ERROR, "engine unusable", code=event.code)
        is_news = self._hold.take(event)
        if self._run is not None:
            noted(self._journal.put_back, self._run.job.id)
            self._put_back(self._run, first=True)
        if is_news:
            for job in self._line:
                self._tell_held(job)

    def _take_crash(self, run: UnderWay, event: Crashed) -> None:
        if not run.cancelling and is_finished(run.job):
            self._end_as(done(run.job))
            return
        leftovers.discard(run.job.outputs, run.job.id)
        if run.cancelling:
            self._end(run, "cancelled", "The job was cancelled; the engine did not stop in time and was ended.")
        elif event.code == "worker_hung":
            self._end(run, event.code, f"{event.message} Try a shorter region, or a smaller model.")
        else:
            self._try_again(run, event.code, event.message)

    def _try_again(self, run: UnderWay, code: str, message: str) -> None:
        """The engine broke during this job: once may be an accident, twice is the job."""
        crashes = run.job.crashes + 1
        if run.cancelling:
            self._end(run, "cancelled", "The job was cancelled.")
        elif crashes >= CRASHES_LIMIT:
            self._end(run, code, f"{message} It was so {crashes} times; try a shorter region, or another model.")
        else:
            noted(self._journal.crashed, run.job.id)
            run.job = replace(run.job, crashes=crashes)
            self._put_back(run)
            self._tell(run.job, Warned(run.job.id, "begun_again", f"{message} The job is begun once more."))
            self._next()

    def _put_back(self, run: UnderWay, *, first: bool = False) -> None:
        note(log, logging.INFO, "job put back", job=run.job.id)
        self._run = None
        self._line.add(run.job, first=first)

    def _tell(self, job: Job, reply: Reply | None) -> None:
        if reply is not None:
            self._announce(reply, job.asker and Endpoint(*job.asker))

    def _tell_asker(self, job: Job, reply: Reply) -> None:
        self._answer(reply, job.asker and Endpoint(*job.asker))

    def _tell_held(self, job: Job) -> None:
        self._tell(job, Warned(job.id, "held", f"{self._hold.why} The job is kept until an engine can start."))

    def _tell_positions(self) -> None:
        """Tells every job's place that has changed."""
        before, self._positions = self._positions, {}
        for position, job in enumerate(self._line, 1):
            self._positions[job.id] = position
            if before.get(job.id) != position:
                self._tell(job, Queued(job.id, position))

    def _end(self, run: UnderWay, code: str = "", message: str = "") -> None:
        self._end_as(run.ended("failed" if code else "done", code, message))

    def _end_as(self, job: Job) -> None:
        """Ends the job that runs."""
        self._run = None
        self._ends.come(job)
        self._next()

    def _fail(self, job: Job, code: str, message: str) -> None:
        """Ends a job that does not run."""
        if job.starts:
            leftovers.discard(job.outputs, job.id)
        self._ends.come(failed(job, code, message))
