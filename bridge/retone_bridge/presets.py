"""Named settings that every front end shares: one small file, read anew at each question and written whole.

The service and the command line use it in the same way, so that it does not matter which of them is asked.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from retone_bridge import private
from retone_bridge.osc import fits
from retone_bridge.preset_messages import (
    LIMIT,
    NAME_CHARACTERS,
    PresetDelete,
    PresetList,
    PresetListReply,
    PresetLoad,
    PresetLoadReply,
    PresetRequest,
    PresetSave,
)
from retone_bridge.protocol import Ack, Reply
from retone_bridge.writing import replace, told
from retone_engine.request import Parameter, RetoneError, parameter_named, taken_by

FILE = "presets.json"
_VERSION = 1
_FILE_BYTES = 4_000_000
_LOCK_SECONDS = 1.0

HELD: Mapping[str, Parameter] = {parameter.name: parameter for parameter in taken_by("edit") if parameter.live}


class Presets:
    """The presets in the file ``path``, which need not be there yet.

    Everything here raises RetoneError: internal when the file is damaged, which is then left as it is; cannot_write,
    disk_full or busy when it cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = FileLock(f"{path}.lock", timeout=_LOCK_SECONDS, mode=0o600)

    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted(self._read())

    def load(self, name: str) -> dict[str, Any]:
        """The settings of the preset ``name``, as requests hold them.

        Raises RetoneError: unknown_preset, or unsupported where it has a setting that this Retone does not know.
        """
        name = name.strip()
        found = self._read()
        _see_that_it_is_in(found, name)
        try:
            return checked(found[name])
        except RetoneError as error:
            raise RetoneError(
                "unsupported",
                f"The preset {name!r} is not of this Retone: {error.message} Save it anew, or use the one it is of.",
            ) from error

    def save(self, name: str, settings: Mapping[str, object], *, replace: bool = False) -> None:
        """Keeps ``settings`` as the preset ``name``; they are on the disk when this returns.

        Raises RetoneError: preset_exists where one of that name has other settings and is not to be replaced,
        bad_request where the name or a setting is none, or there are too many.
        """
        name = checked_name(name)
        values = checked(settings)
        if not fits(PresetLoadReply(name, values).to_osc()):
            raise RetoneError("bad_request", "The preset is too long for a message; shorten its prompts.")
        with self._changed() as found:
            if name in found and not replace and found[name] != values:
                raise RetoneError(
                    "preset_exists", f"There is a preset {name!r} already; replace it, or choose another name."
                )
            if name not in found and len(found) >= LIMIT:
                raise RetoneError("bad_request", f"There are {LIMIT} presets, which is as many as may be; delete one.")
            found[name] = values

    def delete(self, name: str) -> None:
        """Forgets the preset ``name``; raises RetoneError(unknown_preset)."""
        name = name.strip()
        with self._changed() as found:
            _see_that_it_is_in(found, name)
            del found[name]

    def answer(self, request: PresetRequest) -> Reply:
        """What the service says to ``request``."""
        match request:
            case PresetList():
                return PresetListReply.fitting(self.names(), request.after)
            case PresetLoad():
                return PresetLoadReply(request.name.strip(), self.load(request.name))
            case PresetSave():
                self.save(request.name, request.settings, replace=bool(request.replace))
            case PresetDelete():
                self.delete(request.name)
        return Ack(request.address)

    @contextmanager
    def _changed(self) -> Iterator[dict[str, dict[str, Any]]]:
        """The presets, to be changed; what they are then is written, unless nothing is another."""
        with self._told():
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._lock:
                found = self._read()
                before = dict(found)
                yield found
                if found != before:
                    told = {"version": _VERSION, "presets": found}
                    text = json.dumps(told, indent=1, ensure_ascii=False, sort_keys=True)
                    replace(self._path, text.encode(), mode=0o600)

    def _read(self) -> dict[str, dict[str, Any]]:
        with self._told():
            try:
                data = private.read(self._path, _FILE_BYTES)
            except FileNotFoundError:
                return {}
        try:
            if data is None:
                raise ValueError("it is no regular file, or too long")
            return _presets_of(json.loads(data))
        except (ValueError, RecursionError, RetoneError) as error:
            why = error.message if isinstance(error, RetoneError) else str(error)
            raise RetoneError(
                "internal", f"The presets in {self._path} cannot be read: {why[:200]}. Mend the file, or move it away."
            ) from error

    @contextmanager
    def _told(self) -> Iterator[None]:
        """The system's errors in words that the asker can act on."""
        with told():
            try:
                yield
            except Timeout:
                raise RetoneError("busy", "Another program is at the presets just now; try again.") from None


def _see_that_it_is_in(found: Collection[str], name: str) -> None:
    if name not in found:
        known = ", ".join(sorted(found)) or "none yet"
        raise RetoneError("unknown_preset", f"There is no preset {name[:NAME_CHARACTERS]!r}; there are: {known}.")


def checked_name(given: str) -> str:
    """A preset's name; raises RetoneError(bad_request)."""
    name = given.strip()
    if not 0 < len(name) <= NAME_CHARACTERS or not name.isprintable():
        raise RetoneError(
            "bad_request",
            f"{name[:NAME_CHARACTERS]!r} is no name for a preset; give 1 to {NAME_CHARACTERS} printable characters.",
        )
    return name


def checked(settings: Mapping[str, object]) -> dict[str, Any]:
    """Settings of a preset with their right types; raises RetoneError(bad_request) that names the one at fault."""
    found = {}
    for given, value in settings.items():
        name = parameter_named(given, "edit").name
        if name not in HELD:
            raise RetoneError("bad_request", f"A preset does not hold {name}, which belongs to one clip.")
        found[name] = HELD[name].coerce(value)
    return found


def _presets_of(told: object) -> dict[str, dict[str, Any]]:
    """What the file says; raises ValueError or RetoneError where it is no such file.

    What settings a preset has is not looked at before it is asked for: another Retone may know more of them, and one
    preset that cannot be used is to keep nobody from the others.
    """
    match told:
        case {"version": int(version), "presets": dict()} if version > _VERSION:
            raise ValueError("a newer Retone wrote it; use that one")
        case {"version": 1, "presets": dict(presets)} if all(isinstance(each, dict) for each in presets.values()):
            return {checked_name(name): settings for name, settings in presets.items()}
    raise ValueError("it does not hold presets")
