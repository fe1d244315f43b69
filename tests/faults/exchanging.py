"""Two names change places in one step, as fast as that goes: python exchanging.py ONE OTHER, until it is killed."""

import ctypes
import os
import sys

_EXCHANGE = 2  # renameat2's flag
_HERE = -100  # AT_FDCWD


def exchange(one, other):
    """Raises OSError where the system has no such step."""
    names = (_HERE, os.fsencode(one), _HERE, os.fsencode(other))
    if ctypes.CDLL(None, use_errno=True).renameat2(*names, _EXCHANGE):
        raise OSError(ctypes.get_errno(), "the names cannot be exchanged")


if __name__ == "__main__":
    while True:
        exchange(*sys.argv[1:3])
