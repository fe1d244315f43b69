"""A model hub on the loopback: what the hub's own library asks for, answered as the hub answers, and its faults."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = 4096  # bytes from which on a file is kept apart, and its content's own hash is stated
_BLOCK = 8192


@dataclass(frozen=True)
class Asked:
    """A request that came."""

    path: str
    byte_range: str | None
    authorization: str | None
    user_agent: str
    moved: bool  # to where the store is


@dataclass
class Hub:
    """``repositories``: the folder of each; ``gated``: those that ``tokens`` alone may read.

    Faults, each by a file's path in its repository: ``broken`` is cut off after so many bytes, each time it is asked
    for; ``spoilt`` comes with another content; ``held`` waits after so many bytes until ``go_on`` is set; ``endless``
    goes on for as long as somebody reads. ``stated``: what is said of a file instead; of a name that no file has, too.
    """

    repositories: dict[str, Path] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    tokens: set[str] = field(default_factory=set)
    broken: dict[str, int] = field(default_factory=dict)
    spoilt: set[str] = field(default_factory=set)
    held: dict[str, int] = field(default_factory=dict)
    endless: set[str] = field(default_factory=set)
    stated: dict[str, dict[str, object]] = field(default_factory=dict)
    moved: bool = False  # repositories are said to lie with the store now
    ranges: bool = True
    out_of_order: int = 0  # so many of the next answers are an error of the server's
    packed: bool = False  # small files come packed, asked for or not
    portal: bool = False  # a page that wants a login answers in the hub's place
    asked: list[Asked] = field(default_factory=list)
    sent: int = 0
    go_on: threading.Event = field(default_factory=threading.Event)
    url: str = ""
    store: str = ""

    def info(self, repository: str) -> bytes:
        folder = self.repositories[repository]
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        said = {name: _stated(name, path.read_bytes()) for path in files if (name := _within(folder, path))}
        siblings = [said.get(name, _stated(name, b"")) | self.stated.get(name, {}) for name in {**said, **self.stated}]
        gated = "auto" if repository in self.gated else False
        return json.dumps({"id": repository, "sha": COMMIT, "gated": gated, "siblings": siblings}).encode()

    def files_asked(self) -> list[str]:
        return [asked.path.partition(f"/{COMMIT}/")[2] for asked in self.asked if asked.path.startswith("/store/")]


def _within(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def _stated(name: str, content: bytes) -> dict[str, object]:
    blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    stated: dict[str, object] = {"rfilename": name, "size": len(content), "blobId": blob}
    if len(content) >= LARGE:
        stated["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
    return stated


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """The hub, answering; the store of large files is of another origin, as it is with the real one."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    server.daemon_threads = True
    port = server.server_address[1]
    hub.url, hub.store = f"http://127.0.0.1:{port}", f"http://localhost:{port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        hub.go_on.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each small file waits for an acknowledgement

    def log_message(self, *said: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        said = (self.headers.get("range"), self.headers.get("authorization"), self.headers.get("user-agent", ""))
        self.hub.asked.append(Asked(path, *said, moved=self.headers.get("host", "").startswith("localhost")))
        if self.hub.out_of_order:
            self.hub.out_of_order -= 1
            self._answer(503)
        elif self.hub.portal:
            self._answer(200, b"<html>Welcome to our hotel</html>", {"Content-Type": "text/html"})
        elif self.headers.get("authorization") == "Bearer hf_expired":
            self._answer(401, headers={"X-Error-Message": "Invalid credentials in Authorization header"})
        elif self.hub.moved and not self.hub.asked[-1].moved:
            self._answer(307, headers={"Location": f"{self.hub.store}{self.path}"})
        elif path.startswith("/api/models/"):
            repository = path.removeprefix("/api/models/")
            if repository in self.hub.repositories:
                self._answer(200, self.hub.info(repository), {"Content-Type": "application/json"})
            else:
                self._answer(401, headers={"X-Error-Code": "RepoNotFound", "X-Error-Message": "Repository not found"})
        elif path.startswith("/store/"):
            self._content(*_split(path.removeprefix("/store/")))
        else:
            self._resolve(*_split(path.removeprefix("/").replace("/resolve/", "/", 1)))

    def _resolve(self, repository: str, name: str) -> None:
        if repository in self.hub.gated:
            token = (self.headers.get("authorization") or "").removeprefix("Bearer ")
            if token not in self.hub.tokens:
                refused = {
                    "X-Error-Code": "GatedRepo",
                    "X-Error-Message": f"Access to model {repository} is restricted",
                }
                self._answer(403 if token else 401, headers=refused)
                return
        file = self.hub.repositories[repository] / name
        if not file.is_file():
            self._answer(404, headers={"X-Error-Code": "EntryNotFound"})
        elif file.stat().st_size >= LARGE:
            hashed = hashlib.sha256(file.read_bytes()).hexdigest()
            self._answer(
                302,
                headers={
                    "Location": f"{self.hub.store}/store/{repository}/{COMMIT}/{name}",
                    "X-Repo-Commit": COMMIT,
                    "X-Linked-Etag": f'"{hashed}"',
                    "X-Linked-Size": str(file.stat().st_size),
                },
            )
        else:
            self._content(repository, name)

    def _content(self, repository: str, name: str) -> None:
        content = (self.hub.repositories[repository] / name).read_bytes()
        if name in self.hub.spoilt:
            content = bytes([content[0] ^ 1]) + content[1:]
        asked, start = self.headers.get("range"), 0
        if asked and self.hub.ranges:
            start = int(asked.removeprefix("bytes=").partition("-")[0])
            if start >= len(content):
                self._answer(416, headers={"Content-Range": f"bytes */{len(content)}"})
                return
        if self.hub.packed and len(content) < LARGE:
            self._answer(200, gzip.compress(content), {"Content-Encoding": "gzip"})
            return
        if name in self.hub.endless:
            self._pour()
            return
        headers = {
            "ETag": f'"{hashlib.sha256(content).hexdigest()}"',
            "Accept-Ranges": "bytes",
            "X-Repo-Commit": COMMIT,
        }
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self._answer(206 if start else 200, content[start:], headers, name)

    def _pour(self) -> None:
        """A content of no stated length, and of no end."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.close_connection = True
        with suppress(OSError):
            while not self.hub.go_on.is_set():
                self.wfile.write(b"%x\r\n%b\r\n" % (_BLOCK, bytes(_BLOCK)))
                self.hub.sent += _BLOCK

    def _answer(
        self, status: int, content: bytes = b"", headers: dict[str, str] | None = None, name: str | None = None
    ) -> None:
        self.send_response(status)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "HEAD":
            return
        cut, hold = self.hub.broken.get(name or ""), self.hub.held.get(name or "")
        for start in range(0, len(content), _BLOCK):
            block = content[start : start + _BLOCK]
            if cut is not None and start >= cut:
                self.close_connection = True
                return
            if hold is not None and start >= hold:
                self.hub.go_on.wait()
            try:
                self.wfile.write(block)
            except OSError:  # nobody reads any more
                self.close_connection = True
                return
            self.hub.sent += len(block)


def _split(path: str) -> tuple[str, str]:
    """``owner/repository/revision/name`` as repository and name."""
    owner, repository, _, name = path.split("/", 3)
    return f"{owner}/{repository}", name
