"""The presets of a service, asked for over the client's socket; to be used as those of a file are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from retone_bridge.preset_messages import (
    PresetDelete,
    PresetList,
    PresetListReply,
    PresetLoad,
    PresetLoadReply,
    PresetRequest,
    PresetSave,
)
from retone_bridge.replies import Ack, Reply
from retone_engine.request import BY_NAME

_ReplyT = TypeVar("_ReplyT", bound=Reply)


class Ask(Protocol):
    """``client.Client.ask``."""

    def __call__(
        self, request: PresetRequest, reply: type[_ReplyT], *, meant: Callable[[_ReplyT], bool]
    ) -> _ReplyT: ...


class AskedPresets:
    """All raise RetoneError(not_running) when nobody answers, and what the service says when it cannot do it."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def names(self) -> list[str]:
        """All names, sorted."""
        names: list[str] = []
        while True:
            heard = self._after(names[-1] if names else "")
            names += heard.names
            if not heard.names or len(names) >= heard.count:
                return names

    def load(self, name: str) -> dict[str, Any]:
        """The settings of the preset ``name``, as requests hold them; raises RetoneError(unknown_preset)."""
        name = name.strip()
        heard = self._ask(PresetLoad(name), PresetLoadReply, meant=lambda reply: reply.name == name)
        return {each: BY_NAME[each].coerce(value) for each, value in heard.settings.items()}

    def save(self, name: str, settings: Mapping[str, object], *, replace: bool = False) -> None:
        """Keeps settings of edits; raises RetoneError(preset_exists) where they would replace others unasked."""
        self._have_done(PresetSave(name, int(replace), settings))

    def delete(self, name: str) -> None:
        """Forgets the preset ``name``; raises RetoneError(unknown_preset)."""
        self._have_done(PresetDelete(name))

    def _after(self, last: str) -> PresetListReply:
        def meant(reply: PresetListReply) -> bool:
            """Whether it is not the late answer to the question before, which was sent twice."""
            return all(name > last for name in reply.names)

        return self._ask(PresetList(last), PresetListReply, meant=meant)

    def _have_done(self, request: PresetRequest) -> None:
        self._ask(request, Ack, meant=lambda reply: reply.id == request.address)
