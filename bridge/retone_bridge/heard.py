"""What a client has heard of a job, and whether some of it was lost on the way."""

from __future__ import annotations

from retone_bridge.protocol import Direction, Done, Reply, Result

# An engine may find fewer directions than it was asked for, so that they are not asked for without end.
DIRECTIONS_ASKED_AGAIN = 8


class Heard:
    """The files and directions of one job; ``directions`` is how many were asked for, 0 where that is not known."""

    def __init__(self, directions: int = 0) -> None:
        self._asked_for = directions
        self._asked_again = 0
        self._directions: set[int] = set()
        self._results: set[int] = set()

    def new(self, reply: Reply) -> bool:
        """Whether ``reply`` says something new; a direction and a result do so once."""
        match reply:
            case Direction():
                known, number = self._directions, reply.direction
            case Result():
                known, number = self._results, reply.index
            case _:
                return True
        if number in known:
            return False
        known.add(number)
        return True

    def lacks(self, done: Done) -> bool:
        """Whether there is more to the job that is ``done`` than was heard; then it is to be asked about again."""
        if len(self._results) < done.count:
            return True
        # A direction has two files.
        expected = max(self._asked_for, done.count // 2 if self._directions else 0)
        self._asked_again += 1
        return len(self._directions) < expected and self._asked_again <= DIRECTIONS_ASKED_AGAIN
