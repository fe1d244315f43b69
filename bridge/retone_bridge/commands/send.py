"""retone send: one OSC message to the service, its replies printed."""

from __future__ import annotations

import argparse
import os
import time
from typing import Any

from retone_bridge.client import Client
from retone_bridge.guard import alone, read_token
from retone_bridge.osc import Argument, Message
from retone_bridge.protocol import (
    ACTION,
    DEFAULT_PORT,
    JOB_ID,
    Ack,
    Directions,
    Done,
    Edit,
    Fail,
    Received,
    Reply,
    Steer,
    read_reply,
)
from retone_bridge.terminal import STATUS
from retone_engine.request import RetoneError

_JOBS = {kind.address for kind in (Edit, Directions, Steer)}


def add(commands: Any) -> None:
    send = commands.add_parser("send", help="send one OSC message, print the replies", description=__doc__)
    send.add_argument("address", metavar="ADDRESS", help="such as /retone/status, or just status")
    send.add_argument("arguments", metavar="ARG", nargs="*", help="numbers are sent as numbers, the rest as text")
    send.add_argument("--host", default="127.0.0.1", help="another one takes $RETONE_TOKEN (%(default)s)")
    send.add_argument("--port", type=int, default=DEFAULT_PORT, help="(%(default)s)")
    send.add_argument("--wait", type=float, default=0.5, metavar="SECONDS", help="for more replies (%(default)s)")
    send.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    address = options.address if options.address.startswith("/") else f"/retone/{options.address}"
    message = Message(address, tuple(map(_typed, options.arguments)))
    # A job's replies come until its end; others are there at once.
    is_job = address in _JOBS or address.startswith(ACTION)
    status, heard = 0, False
    token = None if alone(options.host) else read_token(None, os.environ)
    with Client(options.host, options.port, token) as client:
        client.send(message)
        until = time.monotonic() + options.wait
        while (left := until - time.monotonic()) > 0:
            try:
                reply = client.listen(left)
            except ConnectionRefusedError:
                raise RetoneError(
                    "not_running", f"Nobody listens on port {options.port}; start it with: retone serve"
                ) from None
            if reply is None:
                break
            heard = True
            print(reply, flush=True)
            said = _read(reply)
            if isinstance(said, Fail):
                status = STATUS[said.code]
            if is_job and isinstance(said, Ack):
                until = time.monotonic() + 86400
            if isinstance(said, Done | Fail):
                # To what is no end of a job, or not ours to hear, the answer would only be another fail.
                if JOB_ID.fullmatch(said.id) and getattr(said, "code", "") != "not_allowed":
                    client.send(Received(said.id).to_osc())
                if is_job:
                    break
    if not heard and address != Received.address and not message.arguments:
        raise RetoneError("not_running", f"No service answers on port {options.port}; start it with: retone serve")
    return status


def _read(reply: Message) -> Reply | None:
    try:
        return read_reply(reply)
    except RetoneError:
        return None


def _typed(text: str) -> Argument:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text.strip()
