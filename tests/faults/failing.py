"""A disk that fails when it is told to: ``failing.c`` put before the system's library, and the file that orders it."""

import mmap
import shutil
import struct
import subprocess
import sys
from pathlib import Path

ONCE, ONWARDS, SHORT = range(3)
MODES = {"once": ONCE, "from then on": ONWARDS, "after half a write": SHORT}
_ORDERS = struct.Struct("=5q4096s")
_AT, _MODE, _ERROR, _SEEN, _FAILED, _PREFIX = 0, 8, 16, 24, 32, 40


def missing():
    """Why there can be no such disk here, or an empty text."""
    if sys.platform != "linux":
        return "needs Linux, whose loader puts a library before the system's"
    return "" if _compiler() else "needs a C compiler (gcc and libc6-dev)"


class FailingDisk:
    """The orders in ``folder``; every process that is started with ``environment`` follows them from then on."""

    def __init__(self, folder, built=None):
        self._library = Path(built or folder / "failing.so")
        self._name = folder / "failing.orders"
        if not self._library.exists():
            source = Path(__file__).with_name("failing.c")
            subprocess.run([_compiler(), "-shared", "-fPIC", "-O1", "-o", self._library, source, "-ldl"], check=True)
        if not self._name.exists():
            self._name.write_bytes(bytes(_ORDERS.size))
        with self._name.open("r+b") as file:
            self._orders = mmap.mmap(file.fileno(), _ORDERS.size)

    @property
    def environment(self):
        return {"LD_PRELOAD": str(self._library), "RETONE_FAILING": str(self._name)}

    def fail(self, at, error, mode, below):
        """Of the calls on files whose paths begin with ``below``, the one of number ``at`` fails with ``error``."""
        self.heal()
        for place, value in ((_MODE, mode), (_ERROR, error), (_SEEN, 0), (_FAILED, 0)):
            self._put(place, value)
        prefix = str(below).encode()
        self._orders[_PREFIX : _PREFIX + len(prefix) + 1] = prefix + b"\0"
        self._put(_AT, at)

    def heal(self):
        """From now on nothing fails."""
        self._put(_AT, 0)

    @property
    def seen(self):
        """Calls counted since ``fail``."""
        return self._get(_SEEN)

    @property
    def failed(self):
        """Calls that failed since ``fail``."""
        return self._get(_FAILED)

    def _put(self, place, value):
        struct.pack_into("=q", self._orders, place, value)

    def _get(self, place):
        return struct.unpack_from("=q", self._orders, place)[0]


def _compiler():
    return shutil.which("gcc") or shutil.which("cc")
