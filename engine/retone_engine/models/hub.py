"""The model hub, asked by its own library, which knows its address and the user's token: the only way to the network.

Its library's downloads are not used, as they begin a broken file again from its start.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from retone_engine.models.catalogue import HUB, Known, Source
from retone_engine.request import RetoneError

_BLOCK = 1 << 20
_CHUNK = 1 << 16  # at most so much is lost where the connection breaks
_TIMEOUT_SECONDS = 30.0
# A name in a model's folder that is one on every system: no way out, no drive, none of the devices of Windows.
_NAME = re.compile(r"(?i)(?!(con|prn|aux|nul|com\d|lpt\d)(\.|$))[a-z0-9_]([a-z0-9_.-]{0,200}[a-z0-9_-])?")


class Broken(Exception):
    """The connection broke, or the hub has no time: worth another try."""


@dataclass(frozen=True)
class Wanted:
    """A file of the hub's: where it goes below the model's folder, its size, and the hash that it must have."""

    source: Source
    revision: str
    path: str
    size: int
    sha256: str | None
    git_sha1: str | None

    @property
    def target(self) -> PurePosixPath:
        return PurePosixPath(self.source.under) / self.path

    def is_whole(self, path: Path) -> bool:
        """Whether the file at ``path`` is what the hub says it is."""
        if path.stat().st_size != self.size:
            return False
        # Git hashes small files together with their size; large ones have a hash of their content alone.
        found = hashlib.sha256() if self.sha256 else hashlib.sha1(b"blob %d\0" % self.size, usedforsecurity=False)
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                found.update(block)
        return found.hexdigest() == (self.sha256 or self.git_sha1)


@dataclass(frozen=True)
class Hub:
    """What the hub has of ``model``; ``endpoint``: where it is, unless where the library says.

    All raise Broken, or RetoneError: not_allowed (gated), unknown_model, not_running, bad_model.
    """

    model: Known
    endpoint: str | None = None

    def files(self) -> list[Wanted]:
        """The files that the model needs."""
        with self._asked():
            return [file for source in self.model.sources for file in self._of(source)]

    def append(self, file: Wanted, out: BinaryIO, came: Callable[[int], None]) -> None:
        """Writes what ``out`` lacks of ``file`` to its end; ``came`` is told how much of it is there."""
        from huggingface_hub import get_session, hf_hub_url, hf_raise_for_status
        from huggingface_hub.utils import build_hf_headers

        url = hf_hub_url(file.source.repository, file.path, revision=file.revision, endpoint=self.endpoint)
        had = out.tell()
        headers = {**build_hf_headers(), "accept-encoding": "identity", "range": f"bytes={had}-"}
        if not had:
            del headers["range"]
        # A redirect to where the content lies takes the range with it, and leaves the token behind.
        with (
            self._asked(),
            get_session().stream(
                "GET", url, headers=headers, follow_redirects=True, timeout=_TIMEOUT_SECONDS
            ) as answer,
        ):
            hf_raise_for_status(answer)
            start = had if answer.status_code == 206 else 0
            length = None if "content-encoding" in answer.headers else answer.headers.get("content-length")
            if length is not None and int(length) != file.size - start:
                raise Broken("something else answers in its place")
            out.truncate(start)
            came(start)
            for block in answer.iter_bytes(_CHUNK):
                start += len(block)
                if start > file.size:  # without end, it may be
                    raise Broken("something else answers in its place")
                out.write(block)
                came(start)
        if start < file.size:
            raise Broken("it stops before the end")

    def _of(self, source: Source) -> Iterator[Wanted]:
        from huggingface_hub import HfApi

        try:
            info = HfApi(endpoint=self.endpoint).model_info(
                source.repository, files_metadata=True, timeout=_TIMEOUT_SECONDS
            )
            siblings = {str(sibling.rfilename): sibling for sibling in info.siblings or ()}
        except UnicodeEncodeError:
            raise
        except (
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            RecursionError,
        ):  # such as the page of a network that wants a login
            raise Broken("something else answers in its place") from None
        for path in source.wanted(list(siblings)):
            if not all(_NAME.fullmatch(part) for part in path.split("/")):
                told = f"The hub names a file {path[:100]!r}, which is none of a model's folder."
                raise RetoneError("bad_model", told)
            sibling = siblings[path]
            size, git_sha1 = sibling.size, sibling.blob_id
            sha256 = sibling.lfs.sha256 if sibling.lfs else None
            hashed = isinstance(sha256 or git_sha1, str) and isinstance(info.sha, str)
            if not hashed or not isinstance(size, int) or size < 0:
                raise RetoneError("bad_model", f"The hub does not state the size and the hash of {path}.")
            yield Wanted(source, str(info.sha), path, size, sha256, git_sha1)

    @contextmanager
    def _asked(self) -> Iterator[None]:
        """Puts what goes wrong into the user's words; the hub's own, which may hold keys, are not repeated."""
        from huggingface_hub import errors, get_session

        # The library has changed the one that it is built on: what that one raises is asked of the one in use.
        http = import_module(type(get_session()).__module__.partition(".")[0])
        repository = self.model.sources[0].repository
        try:
            yield
        except errors.OfflineModeIsEnabled:
            told = "HF_HUB_OFFLINE is set, so that nothing may be fetched; unset it for this command."
            raise RetoneError("not_running", told) from None
        except UnicodeEncodeError:  # of what is said to the hub, the token alone is not Retone's own
            told = "Your token has letters that no token has; make a new one with: hf auth login"
            raise RetoneError("not_allowed", told) from None
        except errors.GatedRepoError:
            raise self._gated() from None
        except errors.RepositoryNotFoundError:
            if self.model.gated:
                raise self._gated() from None
            raise RetoneError("unknown_model", f"The hub has no {repository} any more.") from None
        except errors.HfHubHTTPError as error:
            status = error.response.status_code
            if status == 429 or status >= 500:
                raise Broken(f"it answers {status}") from None
            if status == 401:
                told = "The hub does not know your token, or not any more; make a new one with: hf auth login"
                raise RetoneError("not_allowed", told) from None
            raise RetoneError("not_running", f"The hub refuses {repository} (it answers {status}).") from None
        except http.HTTPError as error:
            raise Broken(str(error) or type(error).__name__) from None

    def _gated(self) -> RetoneError:
        from huggingface_hub import constants, get_token

        why = "No token is known here."
        if get_token():
            why = "Your token's account has not accepted the licence, or the token may not read gated models."
        return RetoneError(
            "not_allowed",
            f"{self.model.name} is gated: its makers want its licence accepted before it is fetched. {why}\n"
            f"  1. Log in at {HUB}, open {self.model.page}, read and accept.\n"
            f"  2. Make a token that may read, at {HUB}/settings/tokens.\n"
            "  3. Run: hf auth login (it lies beside retone, asks for the token and keeps it in\n"
            f"     {constants.HF_TOKEN_PATH}),\n"
            "     or put the token into the environment variable HF_TOKEN, or into a file that HF_TOKEN_PATH names.\n"
            f"  4. Run again: retone models get {self.model.name}",
        )
