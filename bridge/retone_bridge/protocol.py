"""Every address once, and how messages are read.

A request or a reply is a frozen dataclass whose fields are the arguments, in order; they stand in ``requests``,
``replies`` and ``preset_messages``. The reader here, the dispatcher, the client, the contract tests and PROTOCOL.md are
all made from these classes; the parameters come from the engine's table. ``python -m retone_bridge.document`` prints
PROTOCOL.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from retone_bridge import preset_messages, replies, requests
from retone_bridge.osc import Message
from retone_bridge.preset_messages import (
    PresetDelete,
    PresetList,
    PresetListReply,
    PresetLoad,
    PresetLoadReply,
    PresetRequest,
    PresetSave,
)
from retone_bridge.replies import (
    PARAM,
    Ack,
    Busy,
    Challenged,
    ClipsReply,
    Direction,
    Done,
    Fail,
    Heartbeat,
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
from retone_bridge.requests import (
    ACTION,
    PROTOCOL,
    Action,
    Asking,
    Cancel,
    Challenge,
    Clips,
    Directions,
    Edit,
    Hello,
    Job,
    Notify,
    Param,
    Quit,
    Received,
    Request,
    Sealed,
    Status,
    Steer,
    Sync,
    Version,
    asking,
)
from retone_bridge.said import arguments_of, fill
from retone_engine.request import PARAMETERS, Parameter, RetoneError

__all__ = [
    "ACTION", "ACTIONS", "DEFAULT_PORT", "HELD", "JOB_ID", "PARAM", "PROTOCOL", "REPLIES", "REQUESTS",
    "Ack", "Action", "Asking", "Busy", "Cancel", "Challenge", "Challenged", "Clips", "ClipsReply", "Direction",
    "Directions", "Done", "Edit", "Fail", "Heartbeat", "Hello", "Job", "Notify", "Param", "ParamReply", "PresetDelete",
    "PresetList", "PresetListReply", "PresetLoad", "PresetLoadReply", "PresetRequest", "PresetSave", "Progress",
    "Queued", "Quit", "Received", "Reply", "Request", "Result", "Sealed", "Status", "StatusReply", "Steer", "Sync",
    "Synced", "Version", "VersionReply", "Warned", "Welcome", "asking", "named_in", "read_reply", "read_request",
]  # fmt: skip

REQUESTS: tuple[type[Request], ...] = (*requests.REQUESTS, *preset_messages.REQUESTS)
REPLIES: tuple[type[Reply], ...] = (*replies.REPLIES, *preset_messages.REPLIES)

DEFAULT_PORT = 9130
JOB_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,35}")

# What a control surface may hold: the settings, and the clip that its actions work on.
CLIP = Parameter("path", "text", "The clip that actions work on, a full path.", default="")
HELD: Mapping[str, Parameter] = {p.name: p for p in (CLIP, *PARAMETERS) if p.live}
ACTIONS: Mapping[str, str] = {
    "edit": "Edit the held clip with the held values.",
    "again": "Raise the held seed by one, then edit.",
    "directions": "Find the held clip's directions with the held values.",
    "steer": "Take the held clip along the held direction by the held amount.",
    "cancel": "Cancel the newest job that an action began.",
}

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
