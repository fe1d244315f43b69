"""What the service writes down: one line an event, with what it is about as fields beside it."""

from __future__ import annotations

import logging


def note(log: logging.Logger, level: int, event: str, **about: object) -> None:
    """Logs ``event``, a few words that are the same every time, and what it is ``about``: ``job``, ``code``, ...

    From INFO up no prompt and no path may be among them: a log is shown to strangers when help is asked for.
    """
    log.log(level, event, extra={"about": about})
