"""What the service says: every reply, a dataclass whose fields are the arguments, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from retone_bridge.osc import Argument, Message, fits
from retone_bridge.said import Said, as_argument
from retone_engine.request import RetoneError

PARAM = "/retone/param/"


class Reply(Said):
    """Something the service sends."""


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
    trouble: Annotated[str, "Why no job can be done, so that all are held; empty when all is well."] = ""


@dataclass(frozen=True)
class Synced(Reply):
    """The answer to sync."""

    address = "/retone/synced"
    token: Annotated[Argument, "What sync came with."]

    @staticmethod
    def fitting(token: Argument) -> Synced:
        """The answer to ``token``; raises RetoneError(bad_request) when that is too long for one."""
        found = Synced(token)
        if not fits(found.to_osc()):
            raise RetoneError("bad_request", "The token is too long; a number or a short text will do.")
        return found


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
    stage: Annotated[str, "load, read, encode, invert, find, replay, decode or write."]
    seconds_left: Annotated[float, "An estimate in seconds; -1 when there is none yet."]


@dataclass(frozen=True)
class Warned(Reply):
    """Something about the result that the user should know; the job goes on."""

    address = "/retone/warning"
    id: Annotated[str, "The job's id."]
    code: Annotated[str, "One of the warnings below."]
    message: Annotated[str, "A sentence for the user."]


@dataclass(frozen=True)
class Direction(Reply):
    """A direction of the clip is found. All of a job's come before its results, two short ones for each: + and -.

    A job that makes only one result says nothing of its direction.
    """

    address = "/retone/direction"
    id: Annotated[str, "The job's id."]
    direction: Annotated[int, "Its number, from 1; a smaller one holds more of what may vary."]
    share: Annotated[float, "Its part of all that may vary (the posterior variance), 0 to 1."]
    start: Annotated[int, "The frame of the file where it begins to act."]
    frames: Annotated[int, "For how many frames it acts."]
    low_hz: Annotated[float, "The lowest frequency that it acts on, in hertz."]
    high_hz: Annotated[float, "The highest."]


@dataclass(frozen=True)
class Result(Reply):
    """A file is in place, complete."""

    address = "/retone/result"
    id: Annotated[str, "The job's id."]
    index: Annotated[int, "Which of the job's files, from 1: a variation, an amount, or 1+ 1- 2+ 2- ... of directions."]
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
class ClipsReply(Reply):
    """The answer to clips."""

    address = "/retone/clips.reply"
    name: Annotated[str, "The file's name that was asked for."]
    paths: Annotated[tuple[str, ...], "Full paths, newest first; as many as a packet holds."]

    @staticmethod
    def fitting(name: str, paths: Sequence[str]) -> ClipsReply:
        """A reply with as many of ``paths`` as a packet holds, the first ones.

        Raises RetoneError(bad_request) when there is no room for the name itself.
        """
        if not fits(ClipsReply(name, ()).to_osc()):
            raise RetoneError(
                "bad_request", f"name is {len(name)} characters long; give a file's name, no longer text."
            )
        kept = len(paths)
        while kept and not fits(ClipsReply(name, tuple(paths[:kept])).to_osc()):
            kept -= 1
        return ClipsReply(name, tuple(paths[:kept]))


@dataclass(frozen=True)
class Challenged(Reply):
    """The answer to challenge."""

    address = "/retone/challenged"
    nonce: Annotated[str, "32 hex digits, for requests that come from the asker's host and port."]


@dataclass(frozen=True)
class ParamReply(Reply):
    """The value that a surface holds: to every subscriber when it changes, to the asker when it asks."""

    address = PARAM + "NAME"
    name: Annotated[str, "Stands in the address."]
    value: Annotated[Argument, "The value; auto as text, a switch as 0 or 1."]

    def to_osc(self) -> Message:
        return Message(PARAM + self.name, (as_argument(self.value),))


@dataclass(frozen=True)
class Heartbeat(Reply):
    """Stands in the spool folder, see Files instead of packets above; it is never sent."""

    address = "/retone/heartbeat"
    seconds: Annotated[str, "When it was written: whole seconds since 1970, in UTC."]
    version: Annotated[str, "Retone's version."]
    protocol: Annotated[int, "The protocol's version."]
    device: Annotated[str, "Where the engine computes; empty while it starts."]
    model: Annotated[str, "The model in use when a request names none; empty while the engine starts."]
    trouble: Annotated[str, "Why no job can be done, so that all are held; empty when all is well."]


REPLIES: tuple[type[Reply], ...] = (
    Welcome, VersionReply, StatusReply, Synced, Ack, Busy, Queued, Progress, Warned, Direction, Result, Done, Fail,
    ClipsReply, ParamReply, Challenged, Heartbeat,
)  # fmt: skip
