"""Work on a clip kept for the next request: encoded signals, inversions, directions; bounded by their bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")

# An inversion of a 5 s clip takes 1 to 10 MB on the models there are; this holds the clips of an afternoon.
LIMIT_BYTES = 1 << 30


class Cache(Generic[Value]):
    """The least recently used goes first when ``limit`` bytes are passed; what is larger alone is not kept."""

    def __init__(self, limit: int = LIMIT_BYTES) -> None:
        self._limit = limit
        self._kept: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()

    def get(self, key: Hashable) -> Value | None:
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key][0]

    def put(self, key: Hashable, value: Value, size: int) -> None:
        """Keep ``value`` of ``size`` bytes."""
        self._kept.pop(key, None)
        if size > self._limit:
            return
        self._kept[key] = (value, size)
        while self.size > self._limit:
            self._kept.popitem(last=False)

    def clear(self) -> None:
        self._kept.clear()

    @property
    def size(self) -> int:
        """Bytes held."""
        return sum(size for _, size in self._kept.values())
