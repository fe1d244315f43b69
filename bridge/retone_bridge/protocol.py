"""Every address once: what Retone hears and says, with types and sentences.

A request or a reply is a frozen dataclass whose fields are the arguments, in order. ``read_request``, ``read_reply``,
the dispatcher, the client, the contract tests and PROTOCOL.md are all made from these classes; the parameters come
from the engine's table. ``python -m retone_bridge.document`` prints PROTOCOL.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from retone_bridge.osc import Argument, Message
from retone_bridge.said import Said, arguments_of, as_argument, fill
from retone_engine.request import PARAMETERS, Parameter, RetoneError

PROTOCOL = 1
DEFAULT_PORT = 9130
PARAM = "/retone/param/"
ACTION = "/retone/action/"
JOB_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,35}")

# What a control surface may hold: the settings, and the clip that its actions work on.
CLIP = Parameter("path", "text", "The clip that actions work on, a full path.", default="")
HELD: Mapping[str, Parameter] = {p.name: p for p in (CLIP, *PARAMETERS) if p.live}
ACTIONS: Mapping[str, str] = {
    "edit": "Edit the held clip with the held values.",
    "again": "Raise the held seed by one, then edit.",
    "cancel": "Cancel the newest job that an action began.",
}

Port = Annotated[int, "The port on the asker's host that replies go to, instead of the packet's."]
JobId = Annotated[str, "The job's id: 1 to 36 of A-Z a-z 0-9 - _, a letter first; the client makes it."]


class Request(Said):
    """Something a client sends. ``replies``: what the asker hears, in order; a Fail may come instead of any."""

    replies: ClassVar[tuple[type[Reply], ...]] = ()


class Reply(Said):
    """Something the service sends."""


# What the service says.


@dataclass(frozen=True)
class Welcome(Reply):
    """The answer to hello."""

    address = "/retone/welcome"
    version: Annotated[str, "Retone's version."]
    protocol: Annotated[int, "The protocol's version; it changes when an old client would misunderstand."]
    device: Annotated[str, "Where the engine computes: cpu, cuda, mps; empty while it starts."]
    model: Annotated[str, "The model in use when a request names none; empty while the engine starts."]
    lease_seconds: Annotated[int, "How long a subscriber is kept after its last message."]


@dataclass(frozen=True)
class VersionReply(Reply):
    """The answer to version."""

    address = "/retone/version.reply"
    program: Annotated[str, "retone"]
    version: Annotated[str, "Retone's version."]
    protocol: Annotated[int, "The protocol's version."]


@dataclass(frozen=True)
class StatusReply(Reply):
    """The answer to status."""

    address = "/retone/status.reply"
    running: Annotated[str, "The id of the job that runs, or empty."]
    waiting: Annotated[int, "Jobs that wait."]
    done: Annotated[int, "Jobs done, as far back as the journal goes."]
    failed: Annotated[int, "Jobs failed or cancelled, as far back as the journal goes."]
    device: Annotated[str, "Where the engine computes; empty while it starts."]
    model: Annotated[str, "The model in use when a request names none; empty while the engine starts."]
    uptime_seconds: Annotated[int, "How long the service has run."]


@dataclass(frozen=True)
class Synced(Reply):
    """The answer to sync."""

    address = "/retone/synced"
    token: Annotated[Argument, "What sync came with."]


@dataclass(frozen=True)
class Ack(Reply):
    """The request is understood, and a job is on the disk: it will come to an end, whatever happens."""

    address = "/retone/ack"
    id: Annotated[str, "The job's id, or the address of a request that is no job."]


@dataclass(frozen=True)
class Busy(Reply):
    """Too many jobs wait; nothing was kept. Ask again later."""

    address = "/retone/busy"
    id: Annotated[str, "The job's id."]
    retry_ms: Annotated[int, "Milliseconds to wait before asking again."]


@dataclass(frozen=True)
class Queued(Reply):
    """The job waits. Sent again whenever its place changes."""

    address = "/retone/queued"
    id: Annotated[str, "The job's id."]
    position: Annotated[int, "Its place among those that wait, from 1; 0 when it begins."]


@dataclass(frozen=True)
class Progress(Reply):
    """The job runs. At most ten a second, at least one in two seconds."""

    address = "/retone/progress"
    id: Annotated[str, "The job's id."]
    fraction: Annotated[float, "How much is done, 0 to 1; it never falls."]
    stage: Annotated[str, "load, read, encode, invert, replay, decode or write."]
    seconds_left: Annotated[float, "An estimate in seconds; -1 when there is none yet."]


@dataclass(frozen=True)
class Warned(Reply):
    """Something about the result that the user should know; the job goes on."""

    address = "/retone/warning"
    id: Annotated[str, "The job's id."]
    code: Annotated[str, "One of the warnings below."]
    message: Annotated[str, "A sentence for the user."]


@dataclass(frozen=True)
class Result(Reply):
    """A file is in place, complete."""

    address = "/retone/result"
    id: Annotated[str, "The job's id."]
    index: Annotated[int, "The variation, from 1."]
    path: Annotated[str, "The file's full path."]


@dataclass(frozen=True)
class Done(Reply):
    """The job is done. Sent again until received says that it has arrived, so take a second one lightly."""

    address = "/retone/done"
    id: Annotated[str, "The job's id."]
    count: Annotated[int, "How many files there are."]
    first_path: Annotated[str, "The full path of the first."]


@dataclass(frozen=True)
class Fail(Reply):
    """The request cannot be met, or the job came to a bad end. Sent again like done when a job failed."""

    address = "/retone/fail"
    id: Annotated[str, "The job's id, or the address of the request that failed."]
    code: Annotated[str, "One of the codes below."]
    message: Annotated[str, "A sentence that says what to do."]


@dataclass(frozen=True)
class ParamReply(Reply):
    """The value that a surface holds: to every subscriber when it changes, to the asker when it asks."""

    address = PARAM + "NAME"
    name: Annotated[str, "Stands in the address."]
    value: Annotated[Argument, "The value; auto as text, a switch as 0 or 1."]

    def to_osc(self) -> Message:
        return Message(PARAM + self.name, (as_argument(self.value),))


# What the service hears.

_JOB = (Ack, Busy, Queued, Progress, Warned, Result, Done)


@dataclass(frozen=True)
class Hello(Request):
    """Says who one is, and where replies should go from now on."""

    address, replies = "/retone/hello", (Welcome,)
    client: Annotated[str, "The client's name, for the log."] = ""
    protocol: Annotated[int, "The protocol that the client speaks."] = PROTOCOL
    reply_port: Port | None = None


@dataclass(frozen=True)
class Version(Request):
    """Asks for the version."""

    address, replies = "/retone/version", (VersionReply,)


@dataclass(frozen=True)
class Status(Request):
    """Asks what the service does."""

    address, replies = "/retone/status", (StatusReply,)


@dataclass(frozen=True)
class Sync(Request):
    """Is answered when everything sent before has been taken in."""

    address, replies = "/retone/sync", (Synced,)
    token: Annotated[Argument, "Anything; the answer carries it back."] = 0


@dataclass(frozen=True)
class Notify(Request):
    """Subscribes to what happens to every job and every held value (1), or ends that (0).

    A new subscriber hears every held value at once.
    """

    address, replies = "/retone/notify", (Ack, ParamReply)
    on: Annotated[int, "1 or 0."] = 1
    reply_port: Port | None = None


@dataclass(frozen=True)
class Quit(Request):
    """Ends the service; a job that runs is taken up again at the next start."""

    address, replies = "/retone/quit", (Ack,)


@dataclass(frozen=True)
class Edit(Request):
    """Edits a clip by a prompt. Send it again until ack, busy or fail arrives: a job of one id is done once."""

    address, replies = "/retone/edit", _JOB
    id: JobId
    path: Annotated[str, "The clip's full path."]
    settings: Annotated[Mapping[str, Any], "Any parameters below, as pairs of name and value."] = field(
        default_factory=dict
    )
    reply_port: Port | None = None


@dataclass(frozen=True)
class Cancel(Request):
    """Cancels a job; its fail with the code cancelled follows, or its end when it has come to one."""

    address, replies = "/retone/cancel", (Fail,)
    id: JobId


@dataclass(frozen=True)
class Job(Request):
    """Asks for the state of a job; the asker hears what it would hear now, and the end when it comes."""

    address, replies = "/retone/job", (Queued, Progress, Result, Done)
    id: JobId


@dataclass(frozen=True)
class Received(Request):
    """Says that a job's done or fail has arrived, so that it is not sent again."""

    address = "/retone/received"
    id: JobId


@dataclass(frozen=True)
class Param(Request):
    """Sets the value that a surface holds, or asks for it when no value comes. Explicit requests never read it."""

    address, replies = PARAM + "NAME", (ParamReply,)
    name: Annotated[str, "Stands in the address."]
    value: Annotated[Argument, "The new value, of any type that can be read as the parameter's."] = None

    def to_osc(self) -> Message:
        return Message(PARAM + self.name, () if self.value is None else (as_argument(self.value),))


@dataclass(frozen=True)
class Action(Request):
    """Does something with the held values; the id of the job is the service's, ack names it."""

    address, replies = ACTION + "NAME", _JOB
    name: Annotated[str, "Stands in the address."]
    pressed: Annotated[float, "1 when a button is pressed, 0 when it is let go, which does nothing."] = 1.0

    def to_osc(self) -> Message:
        return Message(ACTION + self.name, (self.pressed,))


REQUESTS: tuple[type[Request], ...] = (
    Hello, Version, Status, Sync, Notify, Quit, Edit, Cancel, Job, Received, Param, Action,
)  # fmt: skip
REPLIES: tuple[type[Reply], ...] = (
    Welcome, VersionReply, StatusReply, Synced, Ack, Busy, Queued, Progress, Warned, Result, Done, Fail, ParamReply,
)  # fmt: skip


_REQUESTS = {kind.address: kind for kind in REQUESTS}
_REPLIES = {kind.address: kind for kind in REPLIES}


def read_request(message: Message) -> Request:
    """What ``message`` asks for; raises RetoneError(bad_request) that names the argument at fault."""
    if message.address.startswith(PARAM):
        name = message.address.removeprefix(PARAM)
        if name not in HELD:
            raise RetoneError("bad_request", f"No surface holds {name[:60]!r}; there are {', '.join(HELD)}.")
        request: Request = fill(Param, (name, *message.arguments), message.address)
    elif message.address.startswith(ACTION):
        name = message.address.removeprefix(ACTION)
        if name not in ACTIONS:
            raise RetoneError("bad_request", f"There is no action {name[:60]!r}; there are {', '.join(ACTIONS)}.")
        request = fill(Action, (name, *message.arguments), message.address)
    else:
        kind = _REQUESTS.get(message.address)
        if kind is None:
            known = ", ".join(_REQUESTS)
            raise RetoneError("bad_request", f"Nothing listens at {message.address[:60]}; there are {known}.")
        request = fill(kind, message.arguments, message.address)
    id = getattr(request, "id", None)
    if id is not None and not JOB_ID.fullmatch(id):
        rule = "it takes 1 to 36 of A-Z a-z 0-9 - _, a letter first"
        raise RetoneError("bad_request", f"{id[:60]!r} is no id; {rule}.")
    return request


def read_reply(message: Message) -> Reply:
    """What a service's ``message`` says; raises RetoneError(bad_request) when it is no reply."""
    if message.address.startswith(PARAM):
        return fill(ParamReply, (message.address.removeprefix(PARAM), *message.arguments), message.address)
    kind = _REPLIES.get(message.address)
    if kind is None:
        raise RetoneError("bad_request", f"{message.address[:60]} is no reply of Retone's.")
    return fill(kind, message.arguments, message.address)


def named_in(message: Message) -> str:
    """What a Fail about an unreadable ``message`` names: its job's id when there is one, else its address."""
    kind = _REQUESTS.get(message.address)
    first = message.arguments[0] if message.arguments else None
    has_id = kind is not None and "id" in arguments_of(kind)
    return first if has_id and isinstance(first, str) and JOB_ID.fullmatch(first) else message.address[:200]
