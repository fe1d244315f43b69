"""Replies as files: in the spool's folder ``out``, one folder a client, numbered without an end, none replaced."""

from __future__ import annotations

import logging
import os
import re
import time
from collections import OrderedDict
from contextlib import suppress
from itertools import islice
from pathlib import Path

from retone_bridge import private
from retone_bridge.logs import note
from retone_bridge.writing import write

log = logging.getLogger(__name__)

NAME = re.compile(r"([0-9]{6,12})\.osc")
# A client that does not read loses what comes beyond this; how its jobs ended is told again later.
UNREAD_LIMIT = 256
CLIENTS_LIMIT = 4096
LOOK_SECONDS = 1.0
_KNOWN_LIMIT = 256


class _Box:
    """The folder of one client: the number of its next reply, and for how many there is room."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._next = 1
        self._room = 0
        self._look_at = 0.0

    def put(self, data: bytes) -> bool:
        """Adds a reply; gives whether there was room. Raises OSError."""
        private.check(self.folder)
        if self._room <= 0 and not self._look():
            return False
        part = self.folder / "next.part"
        write(part, data, mode=0o600)
        path = self._path()
        while os.path.lexists(path):  # somebody else's doing; where rename replaces, it would be lost
            self._next += 1
            path = self._path()
        part.rename(path)
        self._next += 1
        self._room -= 1
        return True

    def _path(self) -> Path:
        return self.folder / f"{self._next:06}.osc"

    def _look(self) -> bool:
        """Counts on from the highest number that lies there; gives whether there is room."""
        if time.monotonic() < self._look_at:
            return False
        self._look_at = time.monotonic() + LOOK_SECONDS
        with os.scandir(self.folder) as entries:
            found = [NAME.fullmatch(entry.name) for entry in islice(entries, 2 * UNREAD_LIMIT)]
        numbers = [int(match[1]) for match in found if match]
        self._room = UNREAD_LIMIT - len(found)
        self._next = max([self._next, *(number + 1 for number in numbers)])
        return self._room > 0


class Outgoing:
    """The folder ``out``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._boxes: OrderedDict[str, _Box] = OrderedDict()  # the one used longest ago comes first

    def put(self, client: str, data: bytes) -> None:
        """Writes one reply; like UDP it says nothing when that fails."""
        try:
            had_room = self._box(client).put(data)
        except OSError as error:
            self._boxes.pop(client, None)
            note(log, logging.DEBUG, "reply not written", client=client, error=error)
            return
        if not had_room:
            note(log, logging.DEBUG, "reply dropped", client=client, why="too many unread")

    def heard_of(self, client: str) -> None:
        """``client`` is alive: its folder counts as used now."""
        with suppress(OSError):  # it may have none yet
            os.utime(self._folder / client, follow_symlinks=os.utime not in os.supports_follow_symlinks)

    def forget(self, client: str) -> None:
        """Its folder was removed."""
        self._boxes.pop(client, None)

    def _box(self, client: str) -> _Box:
        box = self._boxes.get(client)
        if box is None:
            box = self._boxes[client] = self._made(client)
            while len(self._boxes) > _KNOWN_LIMIT:
                self._boxes.popitem(last=False)
        self._boxes.move_to_end(client)
        return box

    def _made(self, client: str) -> _Box:
        folder = self._folder / client
        if not os.path.lexists(folder) and sum(1 for _ in self._folder.iterdir()) >= CLIENTS_LIMIT:
            raise OSError("there are too many clients")
        private.make(folder)
        return _Box(folder)
