"""Jobs: admission, questions, cancel, recovery. One thread owns this; nothing here waits.

A job is on the disk before it is acknowledged, runs alone, and comes to exactly one end: done or fail.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from retone_bridge.ends import Ends, noted, told
from retone_bridge.journal import Job, Journal
from retone_bridge.logs import note
from retone_bridge.paths import Places
from retone_bridge.pipe import WorkerEvent
from retone_bridge.protocol import Ack, Busy, Fail, Reply, Result
from retone_bridge.runs import Runs
from retone_bridge.udp import Endpoint
from retone_bridge.workers import Executor
from retone_engine.request import ClipRequest, RetoneError

log = logging.getLogger(__name__)

WAITING_LIMIT = 64
ASKER_LIMIT = 16
RETRY_MS = 2000

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
        def tell(job: Job, reply: Reply) -> None:
            announce(reply, job.asker and Endpoint(*job.asker))

        self._journal = journal
        self._places = places
        self._answer = answer
        self._waiting_limit = waiting_limit
        self._asker_limit = asker_limit
        self._fresh: dict[str, Job] = {}  # admitted and not kept yet
        self._ends = Ends(journal, tell, answer)
        self.runs = Runs(journal, executor, places, self._ends, tell)

    def writes(self, path: Path) -> bool:
        """Whether a job that has not ended makes the file ``path``."""
        return any(str(path) in job.outputs for job in (*self.runs, *self._fresh.values()))

    def recover(self) -> None:
        """Takes up what an earlier service left; call it once, first."""
        found = []
        for job in self._journal.unfinished():
            # One that is queued may have been begun all the same, when the disk was too full to note it.
            job = replace(job, starts=max(1, job.starts))
            if job.state == "running":
                noted(self._journal.crashed, job.id)
                job = replace(job, state="queued", crashes=job.crashes + 1)
            found.append(job)
        self._ends.recover()
        if found:
            note(log, logging.INFO, "recovered", jobs=len(found))
        self.runs.add(found)

    def admit(self, id: str, request: ClipRequest, asker: Endpoint, *, waits: bool = True) -> None:
        """Takes a job in until ``keep``, or says why not. ``waits``: the asker confirms the end.

        Asked again with the same contents it is an ack and the present state; with others, id_reused.
        """
        try:
            # What may begin at once does not wait for those that come with it.
            if id in self._fresh or not (self.runs.running or self.runs.waiting):
                self.keep()
            known = self._journal.find(id)
            if known is not None:
                self._repeat(known, request, asker)
            elif self._is_full(asker):
                self._answer(Busy(id, RETRY_MS), asker)
            else:
                clip, state = self._places.clip(request.path)
                self._places.check_model(request.model)
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
            if log.isEnabledFor(logging.DEBUG):
                note(log, logging.DEBUG, "job in full", job=job.id, outputs=job.outputs, request=job.asked.values())
            self._tell_asker(job, Ack(job.id))
        self.runs.add(fresh)

    def tell_state(self, id: str, asker: Endpoint) -> None:
        """Tells the asker where the job is; of one that has not ended it hears the rest, too."""
        self.keep()
        job = self._ends.find(id)
        if job is None:
            self._answer(Fail(id, "unknown_job", f"No job is called {id}; it may be older than the journal."), asker)
            return
        if job.ended:
            results = (Result(id, index, path) for index, path in enumerate(job.results, 1))
            state: tuple[Reply, ...] = (*job.directions, *results, told(job))
        else:
            if job.asker != asker:
                noted(self._journal.asked_by, id, asker)
                self.runs.hand_over(id, asker)
            state = self.runs.state(id)
        for reply in state:
            self._answer(reply, asker)

    def cancel(self, id: str, asker: Endpoint) -> None:
        """Ends a job early; one that has ended, or is not known, is told as it is."""
        self.keep()
        if not self.runs.cancel(id):
            self.tell_state(id, asker)

    def received(self, id: str) -> None:
        """The asker knows the end."""
        self._ends.received(id)

    def heard(self, event: WorkerEvent) -> None:
        """Takes in what the engine says."""
        self.runs.heard(event)

    def tick(self) -> None:
        """Repeats what has to be repeated, and tries again what has to be; call it several times a second."""
        self.runs.tick()
        self._ends.tick()

    def close(self) -> None:
        """Stops the engine; the job that runs is put back for the next start."""
        self.keep()
        self.runs.close()
        self._ends.close()

    def _repeat(self, known: Job, request: ClipRequest, asker: Endpoint) -> None:
        if known.asked != request:
            raise RetoneError("id_reused", f"{known.id} was asked for with other contents; choose a new id.")
        self._answer(Ack(known.id), asker)
        self.tell_state(known.id, asker)

    def _is_full(self, asker: Endpoint) -> bool:
        of_asker = self.runs.waiting_of(asker) + sum(job.asker == asker for job in self._fresh.values())
        return self.runs.waiting + len(self._fresh) >= self._waiting_limit or of_asker >= self._asker_limit

    def _tell_asker(self, job: Job, reply: Reply) -> None:
        self._answer(reply, job.asker and Endpoint(*job.asker))
