"""Files of ours in a folder of another program's: put there, brought up to date, and taken away again.

A manifest beside them holds the SHA-256 of each as it was written. A file that is not in it, or is no longer as it
says, belongs to the user: it is neither overwritten nor removed. No link in the folder is followed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

from retone_bridge.install.content import content_of, digest
from retone_bridge.writing import part_of, replace, told
from retone_engine.request import RetoneError

MANIFEST = "installed.json"
_KEPT_OUT = "not Retone's, or changed since; move it away and run this again to get Retone's own"
_KEPT_ON = "changed since Retone wrote it; remove it yourself when you need it no more"


@dataclass(frozen=True)
class Step:
    """What becomes of one file, named from the folder with slashes; ``why`` it is kept."""

    what: Literal["new", "updated", "removed", "kept"]
    name: str
    why: str = ""


@dataclass(frozen=True)
class Manifest:
    """What was written: ``files`` by name, each with the digests that are ours; ``folders`` that were made for them.

    Names are relative to the manifest's folder, with slashes. A file has two digests while it is being replaced.
    """

    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    folders: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What is to be done in ``folder`` so that ``files`` (name to content) and nothing else of ours lie there.

    ``note`` is the manifest's name.
    """

    folder: Path
    files: Mapping[str, bytes]
    manifest: Manifest
    steps: tuple[Step, ...]
    note: str = MANIFEST

    @staticmethod
    def of(folder: Path, files: Mapping[str, bytes], note: str = MANIFEST) -> Plan:
        """Looks and changes nothing; no ``files`` takes all of ours away.

        Raises RetoneError(cannot_write) when the folder or one in it is a link, or the manifest cannot be read.
        """
        with told():
            _check_real(folder)
            manifest = _read(folder / note)
            names = sorted({*files, *manifest.files})
            for inner in sorted(_folders(names)):
                _check_real(folder / inner)
            return Plan(folder, files, manifest, tuple(_steps(folder, files, manifest, names)), note)

    @property
    def kept_out(self) -> tuple[Step, ...]:
        """The files that are wanted and could not take their place."""
        return tuple(step for step in self.steps if step.what == "kept" and step.name in self.files)

    def carry_out(self) -> None:
        """Does it, each file whole or not at all; when it breaks off, the next run goes on. Raises RetoneError."""
        with told():
            for name in {*self.files, *self.manifest.files, self.note}:
                part_of(self.folder / name).unlink(missing_ok=True)  # of a run that was killed
            if self.files:
                self._write()
            elif (self.folder / self.note).is_file():
                self._remove()
                (self.folder / self.note).unlink()
                for name in sorted(self.manifest.folders, key=_depth, reverse=True):
                    with suppress(OSError):  # no longer empty
                        _place(self.folder, name).rmdir()

    def _write(self) -> None:
        folders = list(self.manifest.folders)
        for name in ("..", ".", *sorted(_folders(self.files))):
            if not (place := _place(self.folder, name)).is_dir():
                place.mkdir(parents=True)
                folders.append(name)
        before = self.manifest.files
        new = {name: digest(content) for name, content in self.files.items()}
        # First both: what a killed run leaves is then not taken for somebody else's.
        self._note({**before, **{name: {*before.get(name, ()), new[name]} for name in new}}, folders)
        for step in self.steps:
            if step.what in ("new", "updated"):
                replace(self.folder / step.name, self.files[step.name])
        self._remove()
        kept = {step.name for step in self.kept_out}
        after = {name: before.get(name, ()) if name in kept else {new[name]} for name in new}
        self._note({name: digests for name, digests in after.items() if digests}, folders)

    def _remove(self) -> None:
        for step in self.steps:
            if step.what == "removed":
                (self.folder / step.name).unlink(missing_ok=True)

    def _note(self, files: Mapping[str, Collection[str]], folders: list[str]) -> None:
        held = {"files": {name: sorted(files[name]) for name in sorted(files)}, "folders": folders}
        content = json.dumps(held, indent=1).encode()
        if content_of(self.folder / self.note) != content:
            replace(self.folder / self.note, content)


def _steps(folder: Path, files: Mapping[str, bytes], manifest: Manifest, names: list[str]) -> Iterator[Step]:
    for name in names:
        wanted = files.get(name)
        if not os.path.lexists(folder / name):
            if wanted is not None:
                yield Step("new", name)
            continue
        there = content_of(folder / name)
        ours = there is not None and digest(there) in manifest.files.get(name, ())
        if wanted is None:
            yield Step("removed", name) if ours else Step("kept", name, _KEPT_ON)
        elif there != wanted:
            yield Step("updated", name) if ours else Step("kept", name, _KEPT_OUT)


def _read(path: Path) -> Manifest:
    if not os.path.lexists(path):
        return Manifest()
    try:
        held = json.loads(content_of(path) or b"")
        files = {_inside(name): tuple(map(str, digests)) for name, digests in held["files"].items()}
        return Manifest(files, tuple(name if name in ("..", ".") else _inside(name) for name in held["folders"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RetoneError(
            "cannot_write",
            f"{path} is damaged, so that it cannot be known which files there are Retone's; move it and them away and "
            "run this again.",
        ) from error


def _inside(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or not path.parts or {".", ".."} & {*path.parts} or "\\" in name or ":" in name:
        raise ValueError(f"{name!r} leads out of the folder")
    return name


def _folders(names: Iterable[str]) -> set[str]:
    """All folders that lie between the folder and its files."""
    return {str(parent) for name in names for parent in PurePosixPath(name).parents} - {"."}


def _place(folder: Path, name: str) -> Path:
    return folder.parent if name == ".." else folder / name


def _depth(name: str) -> int:
    return {"..": -1, ".": 0}.get(name, 1 + name.count("/"))


def _check_real(folder: Path) -> None:
    """Raises RetoneError(cannot_write) when something else than a real folder has this name."""
    if not os.path.lexists(folder):
        return
    real = os.path.normcase(os.path.realpath(folder))  # sees through Windows' junctions, too
    if real != os.path.normcase(Path(os.path.realpath(folder.parent)) / folder.name) or not folder.is_dir():
        raise RetoneError(
            "cannot_write", f"{folder} is a link or no folder, and Retone writes only where it sees; move it away."
        )
