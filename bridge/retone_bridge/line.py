"""Jobs that wait. The askers take turns: who asks for a hundred does not keep out who asks for one."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from retone_bridge.journal import Job


class Line:
    """Jobs by asker, each asker's own in the order of arrival; iterates in the order in which they will run."""

    def __init__(self) -> None:
        self._of: OrderedDict[tuple[str, int] | None, OrderedDict[str, Job]] = OrderedDict()
        self._jobs: dict[str, Job] = {}

    def __len__(self) -> int:
        return len(self._jobs)

    def __contains__(self, id: str) -> bool:
        return id in self._jobs

    def __iter__(self) -> Iterator[Job]:
        own = [list(jobs.values()) for jobs in self._of.values()]
        for turn in range(max(map(len, own), default=0)):
            yield from (jobs[turn] for jobs in own if turn < len(jobs))

    def of(self, asker: tuple[str, int] | None) -> int:
        """How many jobs of ``asker`` wait."""
        return len(self._of.get(asker, ()))

    def add(self, job: Job, *, first: bool = False) -> None:
        """``job`` waits behind the others of its asker; ``first``: before everybody."""
        own = self._of.setdefault(job.asker, OrderedDict())
        own[job.id] = self._jobs[job.id] = job
        if first:
            own.move_to_end(job.id, last=False)
            self._of.move_to_end(job.asker, last=False)

    def pop(self, id: str) -> Job | None:
        """Takes the job out of the line; None when it is not there."""
        job = self._jobs.pop(id, None)
        if job is not None:
            del self._of[job.asker][id]
            if not self._of[job.asker]:
                del self._of[job.asker]
        return job

    def next(self) -> Job | None:
        """Takes the job whose turn it is; its asker's next turn comes after all others'."""
        for job in self:
            self._of.move_to_end(job.asker)
            return self.pop(job.id)
        return None
