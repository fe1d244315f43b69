"""PROTOCOL.md, made from the tables; ``python -m retone_bridge.document`` prints it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from dataclasses import MISSING, fields
from typing import get_type_hints

from retone_bridge.osc import MESSAGE_LIMIT
from retone_bridge.protocol import (
    ACTIONS,
    DEFAULT_PORT,
    HELD,
    PROTOCOL,
    REPLIES,
    REQUESTS,
)
from retone_bridge.said import Said, sentence_of
from retone_engine.request import CODES, PARAMETERS, WARNINGS, Parameter

_HEAD = f"""# Retone's OSC protocol, version {PROTOCOL}

Made by `python -m retone_bridge.document > bridge/PROTOCOL.md`; do not edit by hand.

The service listens on UDP port {DEFAULT_PORT} of 127.0.0.1. Every message stays below {MESSAGE_LIMIT:,} bytes; audio is
never sent, only the paths of files. Numbers may come as any OSC number (`i f h d T F`), text also as a number. A bundle
is taken apart and each message counts as sent now. An address is matched exactly, patterns are not expanded.

A reply goes to the asker's host: at the port that the packet came from, or at the `reply_port` of the message, or at
the one that hello or notify gave earlier from the same port. Send a request that makes a job again after 0.25, 0.5, 1,
2 and 4 seconds until `/retone/ack`, `/retone/busy` or `/retone/fail` arrives: the id keeps it from being done twice.
The service repeats `/retone/done` and `/retone/fail` of a job until `/retone/received`, for half a minute.
"""


def document() -> str:
    """The whole of PROTOCOL.md."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _HEAD
    yield "## What the service hears\n"
    for request in REQUESTS:
        yield from _section(request)
        if request.replies:
            yield "Replies: " + ", ".join(f"`{reply.address}`" for reply in request.replies) + ".\n"
    yield "Actions:\n"
    yield from (f"- `{name}`: {sentence}" for name, sentence in ACTIONS.items())
    yield "\n## What the service says\n"
    for reply in REPLIES:
        yield from _section(reply)
    yield "## Parameters\n"
    yield "`auto` lets the model, the file or the service decide. A surface may hold those marked held.\n"
    yield "| name | takes | default | held | meaning |\n|---|---|---|---|---|"
    yield from map(_row, (HELD["path"], *PARAMETERS))
    yield "\n## Codes of a fail\n"
    yield from (f"- `{code}`: {sentence}" for code, sentence in CODES.items())
    yield "\n## Codes of a warning\n"
    yield from (f"- `{code}`: {sentence}" for code, sentence in WARNINGS.items())


def _section(kind: type[Said]) -> Iterator[str]:
    hints = get_type_hints(kind)
    shown, listed = [], []
    for each in fields(kind):
        in_address = kind.address.endswith("NAME") and each.name == "name"
        optional = each.default is not MISSING or each.default_factory is not MISSING
        if not in_address:
            name = "name value ..." if each.name == "settings" else each.name
            shown.append(f"[{name}]" if optional else name)
            listed.append(f"- `{each.name}` ({_words(hints[each.name])}): {sentence_of(kind, each.name)}")
    yield f"### `{' '.join([kind.address, *shown])}`\n"
    yield f"{inspect.getdoc(kind)}\n"
    if listed:
        yield "\n".join(listed) + "\n"


def _words(type_: object) -> str:
    plain: dict[object, str] = {str: "text", int: "int", float: "float", int | None: "int"}
    return plain.get(type_, "pairs" if "Mapping" in str(type_) else "any")


def _row(parameter: Parameter) -> str:
    default = parameter.coerce(parameter.default)
    shown = "auto" if default is None else "" if default == "" else int(default) if default is True else default
    held = "yes" if parameter.name in HELD else ""
    return f"| `{parameter.name}` | {parameter.takes()} | {shown} | {held} | {parameter.sentence} |"


if __name__ == "__main__":
    sys.stdout.write(document())
