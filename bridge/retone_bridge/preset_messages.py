"""What is asked and said about presets, the named settings that every front end shares."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from retone_bridge.osc import fits
from retone_bridge.replies import Ack, Reply
from retone_bridge.requests import Port, Request
from retone_engine.request import EditRequest

NAME_CHARACTERS = 60
LIMIT = 200

Name = Annotated[str, f"The preset's name: 1 to {NAME_CHARACTERS} characters."]
Held = Annotated[Mapping[str, Any], "Parameters of an edit among those below that are marked held."]


@dataclass(frozen=True)
class PresetListReply(Reply):
    """The answer to preset/list."""

    address = "/retone/preset/list.reply"
    count: Annotated[int, "How many presets there are in all."]
    names: Annotated[tuple[str, ...], "Their names, sorted; as many as a packet holds. Ask for those after the last."]

    @staticmethod
    def fitting(names: Sequence[str], after: str) -> PresetListReply:
        """Of the sorted ``names``, those after ``after``, as many as fit."""
        kept = tuple(name for name in names if name > after)
        while not fits(PresetListReply(len(names), kept).to_osc()):
            kept = kept[:-1]
        return PresetListReply(len(names), kept)


@dataclass(frozen=True)
class PresetLoadReply(Reply):
    """The answer to preset/load."""

    address, asks = "/retone/preset/load.reply", EditRequest.kind
    name: Name
    settings: Held = field(default_factory=dict)


class PresetRequest(Request, ABC):
    """A request about presets."""


@dataclass(frozen=True)
class PresetList(PresetRequest):
    """Asks for the names of all presets, which all front ends share."""

    address, replies = "/retone/preset/list", (PresetListReply,)
    after: Annotated[str, "Only names that come after this one are told."] = ""


@dataclass(frozen=True)
class PresetLoad(PresetRequest):
    """Asks for the settings of a preset. They change nothing: a client puts those it wants into its requests."""

    address, replies = "/retone/preset/load", (PresetLoadReply,)
    name: Name


@dataclass(frozen=True)
class PresetSave(PresetRequest):
    """Keeps settings of edits under a name; there is room for 200. One that is there just so already is no fault."""

    address, replies, asks = "/retone/preset/save", (Ack,), EditRequest.kind
    name: Name
    replace: Annotated[int, "1 where a preset of that name may be replaced, else 0."]
    settings: Held = field(default_factory=dict)
    reply_port: Port | None = None


@dataclass(frozen=True)
class PresetDelete(PresetRequest):
    """Forgets a preset."""

    address, replies = "/retone/preset/delete", (Ack,)
    name: Name


REQUESTS: tuple[type[Request], ...] = (PresetList, PresetLoad, PresetSave, PresetDelete)
REPLIES: tuple[type[Reply], ...] = (PresetListReply, PresetLoadReply)
