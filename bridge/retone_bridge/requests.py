"""What the service hears: every request, a dataclass whose fields are the arguments, in order."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from retone_bridge.osc import Argument, Message
from retone_bridge.replies import (
    PARAM,
    Ack,
    Busy,
    Challenged,
    ClipsReply,
    Direction,
    Done,
    Fail,
    ParamReply,
    Progress,
    Queued,
    Reply,
    Result,
    StatusReply,
    Synced,
    VersionReply,
    Warned,
    Welcome,
)
from retone_bridge.said import Said, as_argument
from retone_engine.request import ClipRequest, DirectionsRequest, EditRequest, Push, SteerRequest, taken_by

PROTOCOL = 1
ACTION = "/retone/action/"

Port = Annotated[int, "The port on the asker's host that replies go to, instead of the packet's."]
JobId = Annotated[str, "The job's id: 1 to 36 of A-Z a-z 0-9 - _, a letter first; the client makes it."]
Settings = Annotated[Mapping[str, Any], "Any parameters below that this takes, as pairs of name and value."]

_TOLD_OF_A_JOB = (Ack, Busy, Queued, Progress, Warned, Result, Done)


class Request(Said):
    """Something a client sends. ``replies``: what the asker hears, in order; a Fail may come instead of any."""

    replies: ClassVar[tuple[type[Reply], ...]] = ()


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
    reply_port: Port | None = None


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
class Asking(Request, ABC):
    """A request for a clip: it becomes a job."""

    id: JobId
    path: Annotated[str, "The clip's full path."]

    @abstractmethod
    def asked(self) -> ClipRequest:
        """What the engine is asked for, checked; raises RetoneError."""


@dataclass(frozen=True)
class Edit(Asking):
    """Edits a clip by a prompt. Send it again until ack, busy or fail arrives: a job of one id is done once."""

    address, replies, asks = "/retone/edit", _TOLD_OF_A_JOB, EditRequest.kind
    settings: Settings = field(default_factory=dict)
    reply_port: Port | None = None

    def asked(self) -> EditRequest:
        return EditRequest.of(self.path, self.settings)


@dataclass(frozen=True)
class Directions(Asking):
    """Finds the directions along which the model says that a clip may vary, and renders a little way along each."""

    address, asks = "/retone/directions", DirectionsRequest.kind
    replies = (Ack, Busy, Queued, Progress, Warned, Direction, Result, Done)
    settings: Settings = field(default_factory=dict)
    reply_port: Port | None = None

    def asked(self) -> DirectionsRequest:
        return DirectionsRequest.of(self.path, self.settings)


@dataclass(frozen=True)
class Steer(Asking):
    """Takes a clip along its directions, all that are named together. The directions need not be asked for before."""

    address, replies, asks = "/retone/steer", _TOLD_OF_A_JOB, SteerRequest.kind
    pushes: Annotated[
        tuple[Push, ...],
        "At least one; an amount is a number from -1 to 1, or text with several, '-1,-0.5,1', for as many results.",
    ]
    settings: Settings = field(default_factory=dict)
    reply_port: Port | None = None

    def asked(self) -> SteerRequest:
        return SteerRequest.of(self.path, self.settings, pushes=self.pushes)


def asking(id: str, request: ClipRequest) -> Asking:
    """The message that asks for ``request``; what stands at its default is not said."""
    values = {parameter: getattr(request, parameter.name) for parameter in taken_by(request.kind)}
    settings = {parameter.name: value for parameter, value in values.items() if value != parameter.default}
    match request:
        case SteerRequest():
            return Steer(id, request.path, request.pushes, settings)
        case DirectionsRequest():
            return Directions(id, request.path, settings)
        case _:
            return Edit(id, request.path, settings)


@dataclass(frozen=True)
class Challenge(Request):
    """Asks for a nonce to seal requests with, on a service that other machines may use."""

    address, replies = "/retone/challenge", (Challenged,)


@dataclass(frozen=True)
class Sealed(Request):
    """Any other request, sealed with the token; it is answered as if it had come by itself. See Networks above."""

    address = "/retone/sealed"
    counter: Annotated[int, "Above the last one of this nonce, from 1 to 2147483647."]
    mac: Annotated[str, "HMAC-SHA256 under the token of nonce, counter and packet, 64 small hex digits."]
    packet: Annotated[bytes, "The request, one OSC message."]


@dataclass(frozen=True)
class Cancel(Request):
    """Cancels a job; its fail with the code cancelled follows, or its end when it has come to one."""

    address, replies = "/retone/cancel", (Fail,)
    id: JobId
    reply_port: Port | None = None


@dataclass(frozen=True)
class Job(Request):
    """Asks for the state of a job; the asker hears what it would hear now, and the end when it comes."""

    address, replies = "/retone/job", (Queued, Direction, Result, Progress, Done)
    id: JobId
    reply_port: Port | None = None


@dataclass(frozen=True)
class Received(Request):
    """Says that a job's done or fail has arrived, so that it is not sent again."""

    address = "/retone/received"
    id: JobId


@dataclass(frozen=True)
class Clips(Request):
    """Asks where clips of a file's name lay when jobs were made of them."""

    address, replies = "/retone/clips", (ClipsReply,)
    name: Annotated[str, "The file's name, such as loop.wav."]


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

    address, replies = ACTION + "NAME", Directions.replies
    name: Annotated[str, "Stands in the address."]
    pressed: Annotated[float, "1 when a button is pressed, 0 when it is let go, which does nothing."] = 1.0

    def to_osc(self) -> Message:
        return Message(ACTION + self.name, (self.pressed,))


REQUESTS: tuple[type[Request], ...] = (
    Hello, Version, Status, Sync, Notify, Quit, Edit, Directions, Steer, Cancel, Job, Received, Clips, Param, Action,
    Challenge, Sealed,
)  # fmt: skip
