"""The file that has the system start the service when its user logs in, for each system.

Its last line is a comment with the digest of the lines before it: so it is known to be Retone's own and unchanged.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from retone_bridge.install.content import content_of, digest
from retone_bridge.writing import replace, told
from retone_engine.request import RetoneError

UNIT = "retone.service"
LABEL = "retone.serve"  # launchd's name for the agent
_SEAL = "written by retone install login; do not change it by hand: sha256 "
SYSTEMD_SECONDS = 30
# What trying again would not help: bad options, and a port that is held (by a service that was started otherwise).
_IN_VAIN = "2 6"


@dataclass(frozen=True)
class Entry:
    """One system's ``path`` and the ``text`` that is to stand there, in the ``encoding`` and line ends it expects."""

    path: Path
    text: str
    encoding: str = "utf-8"

    @staticmethod
    def of(command: Sequence[str], platform: str, environment: Mapping[str, str]) -> Entry:
        """What starts ``command`` at login on ``platform`` (a ``sys.platform``).

        Raises RetoneError: no_such_folder when the environment does not say where the user's files lie, bad_request
        on a word that such a file cannot hold.
        """
        for word in command:
            if not word.isprintable():
                raise RetoneError("bad_request", f"{word!a} cannot be kept for the login; use plain characters.")
        if platform == "win32":
            folder = _base(environment, "APPDATA") / "Microsoft/Windows/Start Menu/Programs/Startup"
            return Entry(folder / "Retone.vbs", _sealed(_script(command), "' ", ""), "utf-16")
        if platform == "darwin":
            folder = _base(environment, "HOME") / "Library/LaunchAgents"
            return Entry(folder / f"{LABEL}.plist", _sealed(_agent(command), "<!-- ", " -->"))
        config = environment.get("XDG_CONFIG_HOME", "")
        base = Path(config) if Path(config).is_absolute() else _base(environment, "HOME") / ".config"
        return Entry(base / "systemd/user" / UNIT, _sealed(_unit(command), "# ", ""))

    def state(self) -> Literal["absent", "same", "other"]:
        """Whether the file is there, and as ``text`` says.

        Raises RetoneError(output_exists) when it is not Retone's own, or was changed.
        """
        with told():
            content = content_of(self.path)
            if content is None and not self.path.is_symlink() and not self.path.exists():
                return "absent"
        if content == self._content():
            return "same"
        if content is not None and _is_ours(content, self.encoding):
            return "other"
        raise RetoneError(
            "output_exists",
            f"{self.path} is not Retone's, or was changed by hand, and stays as it is; move it away and try again.",
        )

    def write(self) -> None:
        """Puts the file there, whole; raises RetoneError(cannot_write or disk_full)."""
        with told():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            replace(self.path, self._content())

    def remove(self) -> None:
        """Takes it away; raises RetoneError(cannot_write)."""
        with told():
            self.path.unlink()

    def _content(self) -> bytes:
        lines = "\r\n" if self.encoding == "utf-16" else "\n"
        return self.text.replace("\n", lines).encode(self.encoding)


def _base(environment: Mapping[str, str], variable: str) -> Path:
    base = Path(environment.get(variable, ""))
    if not base.is_absolute():
        raise RetoneError("no_such_folder", f"${variable} does not say where your files lie; set it and try again.")
    return base


def _unit(command: Sequence[str]) -> str:
    # systemd takes no program whose path holds one of these, but hands them on.
    if re.search(r"""["'\\]""", command[0]):
        command = ("/bin/sh", "-c", 'exec "$0" "$@"', *command)
    words = [_quoted(word) for word in command]
    if any("$" in word for word in command):
        words[0] = f":{words[0]}"  # puts no variables in
    return f"""\
[Unit]
Description=Retone, which edits clips for the DAW
StartLimitIntervalSec=600
StartLimitBurst=5

[Service]
ExecStart={" ".join(words)}
Restart=on-failure
RestartSec=10
RestartPreventExitStatus={_IN_VAIN}

[Install]
WantedBy=default.target
"""


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'


def _agent(command: Sequence[str]) -> str:
    import plistlib

    return plistlib.dumps(
        {
            "Label": LABEL,
            "ProgramArguments": list(command),
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            # Otherwise launchd slows down what it takes for work in the background; a render is waited for.
            "ProcessType": "Interactive",
        },
        sort_keys=False,
    ).decode()


def _script(command: Sequence[str]) -> str:
    line = subprocess.list2cmdline(command)
    if line.count("%") > 1:
        raise RetoneError("bad_request", f"Windows would read what stands between the % of {line}; rename that folder.")
    quoted = line.replace('"', '""')
    return f'\' Starts Retone\'s service without a window.\nCreateObject("WScript.Shell").Run "{quoted}", 0, False\n'


def _sealed(text: str, before: str, after: str) -> str:
    return f"{text}{before}{_SEAL}{digest(text.encode())}{after}\n"


def _is_ours(content: bytes, encoding: str) -> bool:
    try:
        text = content.decode(encoding).replace("\r\n", "\n")
    except UnicodeDecodeError:
        return False
    body, seal, rest = text.rpartition(_SEAL)
    lines, end, _ = body.rpartition("\n")
    return bool(seal) and rest[:64] == digest((lines + end).encode())


def systemctl(*words: str) -> str:
    """Asks the user's systemd; gives what went wrong, or nothing."""
    try:
        done = subprocess.run(
            ("systemctl", "--user", *words), capture_output=True, text=True, timeout=SYSTEMD_SECONDS, check=False
        )
    except FileNotFoundError:
        return "there is no systemctl here"
    except subprocess.TimeoutExpired:
        return "systemctl does not answer"
    return "" if done.returncode == 0 else (done.stderr.strip() or f"it ended with {done.returncode}")
