"""Requests as files: what lies in the spool's folder ``in``, taken in order, and removed when it is safe elsewhere."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from retone_bridge import private
from retone_bridge.askers import spooled
from retone_bridge.logs import note
from retone_bridge.osc import PACKET_LIMIT
from retone_bridge.protocol import Quit
from retone_bridge.udp import Endpoint

log = logging.getLogger(__name__)

NAME = re.compile(r"(c[0-9A-Fa-f]{12})-([0-9]{6,12})\.osc")
# As many as a look takes: what else the service does waits for them.
LOOK_LIMIT = 64
# A folder that somebody has filled is read in pieces of this size, one a look.
PIECE = 2000
# As many names are looked at together; of more their order is not known.
NAMES_LIMIT = 8192
# A file that cannot be read for so long is no longer waited for by those that follow it.
HELD_SECONDS = 30.0
_CLIENTS_LIMIT = 1024
_LINES_LIMIT = 16


@dataclass(frozen=True)
class Spooled:
    """One request: the file's name, its bytes, which client it is of."""

    name: str
    data: bytes
    client: str

    @property
    def asker(self) -> Endpoint:
        return spooled(self.client)


class Incoming:
    """The folder ``in``. What lies there and is no request is let be; of what a request cannot be, nothing is left."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._began = time.time()
        self._entries: Iterator[os.DirEntry[str]] | None = None
        self._found: list[str] = []
        self._before: set[str] = set()  # seen at the last look
        self._done: set[str] = set()  # and not removed yet
        self._last: dict[str, int] = {}  # each client's number taken last; the longest silent comes first
        self._lines = 0

    def take(self) -> list[Spooled]:
        """What is to be done now: of each client the oldest, in its order. ``remove`` them when they are done.

        Raises OSError when the folder cannot be listed.
        """
        names = self._listed()
        if names is None:
            return []
        self._done &= names
        for name in tuple(self._done):
            self._unlink(name)
        ready = self._ready(names - self._done)
        self._before = names
        taken: list[Spooled] = []
        waits: set[str] = set()
        for client, number, name in islice(ready, PIECE):
            if len(taken) == LOOK_LIMIT:
                break
            if client in waits:
                continue
            try:
                data = private.read(self._folder / name, PACKET_LIMIT)
            except FileNotFoundError:
                continue
            except OSError as error:
                if self._is_fresh(name):
                    waits.add(client)  # another program has it open; what follows it is not done before
                else:
                    self._odd(error=error)
                continue
            self._last.pop(client, None)
            self._last[client] = number
            if data is None:
                self._odd(why="no regular file, or too long")
                self._unlink(name)
            elif self._is_late_quit(name, data):
                self._unlink(name)
            else:
                taken.append(Spooled(name, data, client))
        while len(self._last) > _CLIENTS_LIMIT:
            del self._last[next(iter(self._last))]
        return taken

    def remove(self, taken: Iterable[Spooled]) -> None:
        """Removes what was done. What another program holds open stays, and is not done again."""
        for one in taken:
            self._unlink(one.name)

    def sweep(self, seconds: float, limit: int) -> bool:
        """Removes what is older than ``seconds`` and no request: parts of files, and strangers; no folders.

        It looks at ``limit`` of them; gives whether it found so many that it had better be called again soon.
        """
        self._lines = 0
        oldest, gone = time.time() - seconds, 0
        with os.scandir(self._folder) as entries:
            seen = list(islice(entries, limit))
        for entry in seen:
            if not NAME.fullmatch(entry.name):
                with suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_mtime < oldest:
                        Path(entry.path).unlink()
                        gone += 1
        return gone > 0 and len(seen) == limit

    def close(self) -> None:
        """Ends a listing that is under way."""
        if self._entries is not None:
            self._entries.close()  # type: ignore[attr-defined]
            self._entries = None

    def _listed(self) -> set[str] | None:
        """The names of all requests that lie there; None while a full folder is still being read."""
        if self._entries is None:
            self._entries, self._found = os.scandir(self._folder), []
        piece = [entry.name for entry in islice(self._entries, PIECE)]
        self._found += filter(NAME.fullmatch, piece)
        del self._found[NAMES_LIMIT:]
        if len(piece) == PIECE:
            return None
        self.close()
        return set(self._found)

    def _ready(self, names: set[str]) -> list[tuple[str, int, str]]:
        """Client, number and name of what may be taken, clients taking turns.

        A listing may miss a file that was made while it was read, and show one that was made after it: so a number
        that does not follow the last one waits for the next listing, which shows whatever came before.
        """
        waiting: dict[str, list[tuple[int, str]]] = {}
        for name in names:
            client, number = name[:13], int(name[14:-4])
            waiting.setdefault(client, []).append((number, name))
        ready = []
        for client, numbered in waiting.items():
            last = self._last.get(client, 0)
            for turn, (number, name) in enumerate(sorted(numbered)):
                if number > last + 1 and name not in self._before:
                    break
                ready.append((turn, client, number, name))
                last = number
        return [one[1:] for one in sorted(ready)]

    def _is_fresh(self, name: str) -> bool:
        try:
            return time.time() - os.lstat(self._folder / name).st_mtime < HELD_SECONDS
        except OSError:
            return False

    def _is_late_quit(self, name: str, data: bytes) -> bool:
        """Whether this would end a service that did not run yet when it was said."""
        if not data.startswith(Quit.address.encode() + b"\0"):
            return False
        with suppress(OSError):
            return os.lstat(self._folder / name).st_mtime < self._began
        return False

    def _unlink(self, name: str) -> None:
        try:
            (self._folder / name).unlink()
        except FileNotFoundError:
            self._done.discard(name)
        except OSError:
            self._done.add(name)
        else:
            self._done.discard(name)

    def _odd(self, **about: object) -> None:
        """A line in the log; only so many an hour, since a program gone mad could fill it."""
        self._lines += 1
        if self._lines <= _LINES_LIMIT:
            note(log, logging.WARNING, "spool file passed over", **about)
