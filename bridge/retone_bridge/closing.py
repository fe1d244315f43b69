"""The ways a service is told to end: Ctrl-C, a signal, a terminal or console window that is closed."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

# SIGHUP: the terminal was closed. SIGBREAK: Ctrl-Break on Windows.
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
# Windows ends a process whose console was closed after five seconds, or as soon as its handler returns.
_WINDOWS_SECONDS = 4.8
_CLOSE, _LOG_OFF, _SHUT_DOWN = 2, 5, 6


def on_closing(stop: Callable[[], None], ended: threading.Event) -> None:
    """Has ``stop`` called when this process is told to end; ``ended`` is set when it has done what it had to.

    Call it in the main thread. Nothing is undone.
    """

    def told(number: int, frame: FrameType | None) -> None:
        stop()

    for name in _SIGNALS:
        number = getattr(signal, name, None)
        # Whoever started this with a signal ignored, as nohup does, wants it to outlive that.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, told)
    if sys.platform == "win32":
        import ctypes

        handler = ctypes.WINFUNCTYPE(ctypes.c_int, ctypes.c_uint)(waits_for(stop, ended))
        ctypes.windll.kernel32.SetConsoleCtrlHandler(handler, True)
        _kept.append(handler)


def waits_for(stop: Callable[[], None], ended: threading.Event) -> Callable[[int], bool]:
    """The console's handler, which Windows calls in a thread of its own: it must not return before the service ended.

    It gives whether it has dealt with the event; Ctrl-C and Ctrl-Break are the signals'.
    """

    def handler(event: int) -> bool:
        if event not in (_CLOSE, _LOG_OFF, _SHUT_DOWN):
            return False
        stop()
        ended.wait(_WINDOWS_SECONDS)
        return True

    return handler


# What ctypes gives to the system is not to be collected.
_kept: list[object] = []
