"""The spool: a folder through which programs without sockets, such as REAPER's scripts, talk with the service.

Requests lie in ``in``, replies in ``out``, the audio that scripts wrote in ``clips``; ``heartbeat.osc`` tells that a
service runs. One service owns it, whoever holds ``lock``. Everything happens in the thread that calls.
"""

from __future__ import annotations

import logging
import os
import stat
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from retone_bridge import private
from retone_bridge.logs import note
from retone_bridge.osc import PACKET_LIMIT, OscError, decode, encode
from retone_bridge.protocol import Heartbeat, read_reply
from retone_bridge.spool_in import Incoming, Spooled
from retone_bridge.spool_out import Outgoing
from retone_bridge.writing import FULL, replace
from retone_engine.request import RetoneError

log = logging.getLogger(__name__)

BEAT_SECONDS = 1.0
# A heartbeat older than this is none.
STALE_SECONDS = 5
TRY_AGAIN_SECONDS = 3.0
PART_SECONDS = 3600.0
SILENT_SECONDS = 86400.0
CLIPS_SECONDS = 7 * 86400.0
SWEEP_SECONDS = 3600.0
# What waits there from before is taken in first, so that its clips are not swept.
FIRST_SWEEP_SECONDS = 60.0
# Little enough that nobody notices; what is left goes a second later.
_SWEEP_LIMIT = 1000

IN, OUT, CLIPS = "in", "out", "clips"
LOCK, HEARTBEAT = "lock", "heartbeat.osc"


class Owners(NamedTuple):
    """Whose folders stay: clients and ids of jobs that have not ended."""

    clients: Collection[str]
    jobs: Collection[str]


class Spool:
    """The spool at ``folder``, which this service owns from some ``tick`` on, until ``close``.

    Nothing here raises on account of what lies in the folder, or of its going away.
    """

    def __init__(self, folder: Path, beat: Callable[[], Heartbeat], owners: Callable[[], Owners]) -> None:
        self._folder = folder
        self._beat = beat
        self._owners = owners
        self._incoming = Incoming(folder / IN)
        self._outgoing = Outgoing(folder / OUT)
        self._lock = FileLock(folder / LOCK, timeout=0, mode=0o600)
        self._place: tuple[int, int] | None = None  # of the folder that is owned
        self._why_not = ""
        self._due = self._beat_due = self._sweep_due = 0.0

    def tick(self) -> None:
        """Owns the folder if it can be had, shows that the service runs, sweeps; call it several times a second."""
        now = time.monotonic()
        if self._place is not None and not self._is_whole():
            self._let_go()
        if self._place is None:
            if now < self._due:
                return
            self._due = now + TRY_AGAIN_SECONDS
            if not self._own():
                return
            self._sweep_due = now + FIRST_SWEEP_SECONDS
        if now >= self._beat_due:
            self._beat_due = now + BEAT_SECONDS
            self._show()
        if now >= self._sweep_due:
            more = self._sweep()
            self._sweep_due = now + (BEAT_SECONDS if more else SWEEP_SECONDS)

    def take(self) -> list[Spooled]:
        """The requests to do now, in order; ``remove`` them when what they ask for is on the disk."""
        if self._place is None:
            return []
        try:
            taken = self._incoming.take()
        except OSError as error:
            note(log, logging.WARNING, "spool not read", error=error)
            self._let_go()
            return []
        for client in {one.client for one in taken}:
            self._outgoing.heard_of(client)
        return taken

    def remove(self, taken: Iterable[Spooled]) -> None:
        """They are done."""
        self._incoming.remove(taken)

    def put(self, client: str, data: bytes) -> None:
        """One packet to a client; nothing happens where the folder is not this service's."""
        if self._place is not None:
            self._outgoing.put(client, data)

    def close(self) -> None:
        """Shows that the service has ended, and gives the folder free."""
        if self._place is not None:
            with suppress(OSError):
                (self._folder / HEARTBEAT).unlink()
        self._let_go()

    def _own(self) -> bool:
        try:
            self._folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            for each in (self._folder, *map(self._folder.joinpath, (IN, OUT, CLIPS))):
                private.make(each)
            lock = self._folder / LOCK
            if os.path.lexists(lock) and not stat.S_ISREG(os.lstat(lock).st_mode):
                raise private.NotPrivate("its lock is no regular file; remove it")
            self._lock.acquire()
            place = private.check(self._folder)
        except Timeout:
            self._do_without(logging.INFO, "another service has it")
            return False
        except private.NotPrivate as error:
            self._do_without(logging.WARNING, str(error))
            return False
        except (OSError, NotImplementedError) as error:  # a disk of the network may know no locks
            self._do_without(logging.WARNING, getattr(error, "strerror", None) or type(error).__name__)
            return False
        self._place = place.st_dev, place.st_ino
        self._why_not = ""
        note(log, logging.INFO, "spool open")
        return True

    def _do_without(self, level: int, why: str) -> None:
        """Says so, once for each reason."""
        self._lock.release()
        if why != self._why_not:
            self._why_not = why
            note(log, level, "spool not used", why=why)

    def _is_whole(self) -> bool:
        """Whether it is still the folder that is locked, and nothing in it has become a way to somewhere else."""
        try:
            found = private.check(self._folder)
            for name in (IN, OUT, CLIPS):
                private.check(self._folder / name)
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == self._place

    def _let_go(self) -> None:
        self._incoming.close()
        self._lock.release()
        self._place = None

    def _show(self) -> None:
        shown = self._folder / HEARTBEAT
        data = encode(self._beat().to_osc())
        try:
            replace(shown, data, mode=0o600, lasting=False)
        except OSError as error:  # on Windows while a script reads it: the next one comes
            note(log, logging.DEBUG, "no heartbeat", error=error)
            if error.errno in FULL:
                # A full disk still has the room that the last one takes; scripts are not to take it for a dead service.
                with suppress(OSError), shown.open("r+b") as file:
                    file.write(data)
                    file.truncate()

    def _sweep(self) -> bool:
        """Removes what is of no use any more; gives whether it was so much that some of it is left for soon."""
        owners = self._owners()
        try:
            more = self._incoming.sweep(PART_SECONDS, _SWEEP_LIMIT)
            for client in _swept(self._folder / OUT, SILENT_SECONDS, owners.clients):
                self._outgoing.forget(client)
            _swept(self._folder / CLIPS, CLIPS_SECONDS, owners.jobs)
        except OSError as error:
            note(log, logging.WARNING, "spool not swept", error=error)
            return False
        return more


def in_use(folder: Path) -> bool:
    """Whether a service shows there that it runs."""
    try:
        (message,) = decode(private.read(folder / HEARTBEAT, PACKET_LIMIT) or b"")
        told = read_reply(message)
        return isinstance(told, Heartbeat) and abs(time.time() - float(told.seconds)) <= STALE_SECONDS
    except (OSError, OscError, RetoneError, ValueError):
        return False


def _swept(folder: Path, seconds: float, keep: Collection[str]) -> list[str]:
    """Removes folders in ``folder`` that nothing happened in for ``seconds``, with the files that lie in them.

    What holds more than files stays. Gives the names of those that are gone.
    """
    oldest, gone = time.time() - seconds, []
    with os.scandir(folder) as entries:
        for entry in islice(entries, _SWEEP_LIMIT):
            with suppress(OSError):
                status = entry.stat(follow_symlinks=False)
                if entry.name in keep or status.st_mtime > oldest:
                    continue
                if not stat.S_ISDIR(status.st_mode) or private.is_link(status):
                    Path(entry.path).unlink()
                    continue
                with os.scandir(entry.path) as inside:
                    for file in list(islice(inside, _SWEEP_LIMIT)):
                        Path(file.path).unlink()
                Path(entry.path).rmdir()
                gone.append(entry.name)
    return gone
