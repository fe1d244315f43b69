"""Which job runs, and what comes of it: the line, the engine, and what is done when the engine breaks."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from retone_bridge import leftovers
from retone_bridge.ends import Ends, adopted, failed, is_finished, noted
from retone_bridge.hold import Hold
from retone_bridge.journal import Job, Journal
from retone_bridge.line import Line
from retone_bridge.logs import note
from retone_bridge.paths import Places
from retone_bridge.pipe import Crashed, Finished, Ready, Render, Unusable, WorkerEvent
from retone_bridge.protocol import Direction, Fail, Progress, Queued, Reply, Result, Warned
from retone_bridge.subfolders import Subfolders
from retone_bridge.udp import Endpoint
from retone_bridge.underway import REPEAT_SECONDS, UnderWay
from retone_bridge.workers import Executor
from retone_engine.request import RetoneError

log = logging.getLogger(__name__)

# A job during which the engine or the service died this often is not begun again.
CRASHES_LIMIT = 2
_CANCELLED = "cancelled", "The job was cancelled before it began."


class Runs:
    """The jobs that have not come to their ends; ``tell`` reaches a job's asker and every subscriber."""

    def __init__(
        self, journal: Journal, executor: Executor, places: Places, ends: Ends, tell: Callable[[Job, Reply], None]
    ) -> None:
        self._journal = journal
        self._executor = executor
        self._places = places
        self._ends = ends
        self._tell = tell
        self._line = Line()
        self._subfolders = Subfolders()
        self._positions: dict[str, int] = {}  # as they were told
        self._cancelled: set[str] = set()  # of those that wait for an engine
        self._run: UnderWay | None = None
        self._hold = Hold()
        self._told_at = time.monotonic()  # of an engine that starts

    def __iter__(self) -> Iterator[Job]:
        """All of them, the one that runs first."""
        if self._run is not None:
            yield self._run.job
        yield from self._line

    @property
    def running(self) -> str:
        """The id of the job that runs, or nothing."""
        return self._run.job.id if self._run else ""

    @property
    def waiting(self) -> int:
        return len(self._line)

    @property
    def trouble(self) -> str:
        """Why no job can be done; empty when all is well."""
        return self._hold.why

    def waiting_of(self, asker: Endpoint) -> int:
        return self._line.of(asker)

    def add(self, jobs: Sequence[Job]) -> None:
        """Puts jobs that are kept into the line, and begins the first when nothing runs."""
        for job in jobs:
            self._line.add(job)
            if self._hold:
                self._tell_held(job)
        self._next()
        self._tell_positions(of_new_ones_only=True)

    def state(self, id: str) -> tuple[Reply, ...]:
        """What somebody who asks now for one of these jobs has to know."""
        if self._run is not None and self._run.job.id == id:
            return self._run.told()
        return tuple(Queued(id, place) for place, job in enumerate(self._line, 1) if job.id == id)

    def hand_over(self, id: str, asker: Endpoint) -> None:
        """From now on another asker hears of the job."""
        if self._run is not None and self._run.job.id == id:
            self._run.job = replace(self._run.job, asker=asker)
        elif (job := self._line.pop(id)) is not None:
            self._line.add(replace(job, asker=asker))

    def cancel(self, id: str) -> bool:
        """Ends the job early; gives whether it is one of these."""
        if self._run is not None and self._run.job.id == id:
            self._run.cancelling = True
            self._executor.cancel(id)
        elif (job := self._line.pop(id)) is None:
            return False
        elif job.starts and not self._executor.ready and not self._hold:
            # An earlier engine may still write its files: it has ended for certain when the next one is ready.
            self._line.add(job, first=True)
            self._cancelled.add(id)
        else:
            self._give_up(job, *_CANCELLED)
            self._tell_positions()
        return True

    def _give_up(self, job: Job, code: str, message: str) -> None:
        """Ends a job that does not run, and removes what an earlier start of it left."""
        if job.starts:
            leftovers.discard(job.outputs, job.id)
        self._come(failed(job, code, message))

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
                self._wait(event.code, event.message)
            case Crashed():
                note(log, logging.WARNING, "engine died", code=event.code, engine=event.pid)
                if run is not None:
                    self._take_crash(run, event)
            case _ if run is None or event.id != run.job.id:
                note(log, logging.INFO, "engine said late", job=event.id)
            case Progress() | Warned() | Direction() | Result():
                if (reply := run.take(event)) is not None:
                    self._tell(run.job, reply)
            case Finished():
                self._hold.release()
                self._end(run.ended("done"))
            case Fail(code="unknown_model" | "bad_model") if run.job.asked.model is None:
                # The service's own model: no job is to blame. Those that name another may still be done.
                self._wait(event.code, event.message, first=False)
            case Fail(code="device_error"):
                self._executor.retire()
                self._try_again(run, event.code, event.message)
            case Fail():
                self._end(run.ended("failed", event.code, event.message))

    def tick(self) -> None:
        """Says again what has to be said, and tries again what has to be; call it several times a second."""
        self._executor.tick()
        if self._run is not None and (report := self._run.overdue()) is not None:
            self._tell(self._run.job, report)
        if self._line and self._hold.is_due():
            self._try()
        self._tell_of_the_start()

    def close(self) -> None:
        """Stops the engine; the job that runs is put back for the next start."""
        self._executor.stop()
        if self._run is not None:
            note(log, logging.INFO, "job put back", job=self._run.job.id)
            noted(self._journal.put_back, self._run.job.id)
            self._run = None

    def _next(self) -> None:
        """Begins the job whose turn it is, when nothing runs and an engine is ready.

        Not before: only then has every earlier engine ended, which may still have been writing.
        """
        if self._run is not None or self._hold or not self._line:
            return
        if not self._executor.ready:
            self._executor.start()
            return
        while self._run is None and (job := self._line.next()) is not None:
            if job.starts:
                if self._is_over(job):
                    continue
                leftovers.discard(job.outputs, job.id)
            try:
                if job.asked.output_subfolder:
                    self._subfolders.make(job.id, self._places.where(job.asked))
                self._places.check_model(job.asked.model)
                bounds = self._places.bounds(job.id, job.clip, job.clip_state, job.outputs)
            except RetoneError as error:
                self._give_up(job, error.code, error.message)
                continue
            noted(self._journal.start, job.id)
            note(log, logging.INFO, "job begun", job=job.id)
            self._tell(job, Queued(job.id, 0))
            self._run = UnderWay(replace(job, starts=job.starts + 1))
            self._executor.give(Render(job.id, replace(job.asked, path=job.clip), job.outputs, bounds=bounds))
            self._tell_positions()

    def _try(self) -> None:
        """Whether an engine starts is tried without a job, whether its model is there with one."""
        if self._executor.ready:
            self._hold.lift()
            self._next()
        else:
            self._executor.start()

    def _is_over(self, job: Job) -> bool:
        """Ends a job that was begun before, if there is nothing more to do for it."""
        if job.id in self._cancelled:
            self._cancelled.discard(job.id)
            self._give_up(job, *_CANCELLED)
        elif is_finished(job):
            self._come(adopted(job))
        elif job.crashes >= CRASHES_LIMIT:
            why = f"The service or its engine died {job.crashes} times during this job; try a shorter region."
            self._give_up(job, "worker_crashed", why)
        else:
            return False
        return True

    def _tell_of_the_start(self) -> None:
        """An engine takes seconds to start: the job that is next hears that it is being seen to."""
        now = time.monotonic()
        first = next(iter(self._line), None) if not (self._run or self._hold) else None
        if first is not None and now - self._told_at > REPEAT_SECONDS:
            self._told_at = now
            self._tell(first, Progress(first.id, 0.0, "load", -1.0))

    def _wait(self, code: str, why: str, *, first: bool = True) -> None:
        """Nothing can be done as the service is now: the job that ran is the ``first`` again, or the last."""
        note(log, logging.ERROR, "engine unusable", code=code)
        is_news = self._hold.take(why)
        for id in tuple(self._cancelled):
            self._cancelled.discard(id)
            self.cancel(id)
        run = self._run
        if run is not None and run.cancelling:
            self._end(run.ended("failed", "cancelled", "The job was cancelled."))
        elif run is not None:
            noted(self._journal.put_back, run.job.id)
            self._put_back(run, first=first)
        if is_news:
            for job in self._line:
                self._tell_held(job)

    def _take_crash(self, run: UnderWay, event: Crashed) -> None:
        if not run.cancelling and is_finished(run.job):
            self._end(adopted(run.job))
            return
        leftovers.discard(run.job.outputs, run.job.id)
        if event.code == "worker_hung" and not run.cancelling:
            self._end(run.ended("failed", event.code, f"{event.message} Try a shorter region, or a smaller model."))
        else:
            self._try_again(run, event.code, event.message)

    def _try_again(self, run: UnderWay, code: str, message: str) -> None:
        """The engine broke during this job: once may be an accident, twice is the job."""
        crashes = run.job.crashes + 1
        if run.cancelling:
            self._end(run.ended("failed", "cancelled", "The job was cancelled, and its engine was ended."))
        elif crashes >= CRASHES_LIMIT:
            advice = f"It was so {crashes} times; try a shorter region, or another model."
            self._end(run.ended("failed", code, f"{message} {advice}"))
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

    def _end(self, job: Job) -> None:
        """Ends the job that runs."""
        self._run = None
        self._come(job)
        self._next()

    def _come(self, job: Job) -> None:
        self._subfolders.tidy(job.id)
        self._ends.come(job)

    def _tell_held(self, job: Job) -> None:
        self._tell(job, Warned(job.id, "held", f"{self._hold.why} The job is kept until that is mended."))

    def _tell_positions(self, *, of_new_ones_only: bool = False) -> None:
        """Tells every job's place that has changed since it was told.

        A crowd that comes at once would shift each other's places at every packet: then the new ones alone are told
        theirs, and all the others when the next job begins.
        """
        before, self._positions = self._positions, {}
        for position, job in enumerate(self._line, 1):
            known = before.get(job.id)
            if known is None or not (of_new_ones_only or known == position):
                self._tell(job, Queued(job.id, position))
                known = position
            self._positions[job.id] = known
