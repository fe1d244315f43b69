"""Calls about the program: what is kept between runs, dialogs, the console, files and processes."""

import os
import subprocess
from pathlib import Path

from .fake_calls import call, nth
from .fake_lua import Wrong
from .fake_routing import new_guid


@call
def SetExtState(run, section, key, value, persist):
    if not section or not key or any(character in section + key for character in "=\n[]"):
        raise Wrong(f"section {section!r} and key {key!r} cannot stand in an ini file")
    run.reaper.ext_state[section, key] = value
    if persist:
        run.reaper.kept_state[section, key] = value


@call
def GetExtState(run, section, key):
    return run.reaper.ext_state.get((section, key), "")


@call
def DeleteExtState(run, section, key, persist):
    run.reaper.ext_state.pop((section, key), None)
    if persist:
        run.reaper.kept_state.pop((section, key), None)


@call
def GetUserInputs(run, title, count, captions, values):
    return run.reaper.dialogs.inputs(title, count, captions, values)


@call
def MB(run, message, title, kind):
    return run.reaper.dialogs.message(message, title, kind)


@call
def ShowConsoleMsg(run, message):
    run.reaper.console += message.removeprefix("!SHOW:")


@call
def GetOS(run):
    return run.reaper.os


@call
def GetAppVersion(run):
    return f"{run.reaper.version_text}/{ {'Other': 'linux-x86_64', 'Win64': 'x64'}.get(run.reaper.os, run.reaper.os) }"


@call
def GetResourcePath(run):
    return run.reaper.shown_path(run.reaper.resources)


@call
def time_precise(run):
    return run.reaper.clock()


@call
def genGuid(_run, _ignored):
    return new_guid()


@call
def set_action_options(run, flags):
    """1 ends a run that is started again, and with 2 a new one begins then; toolbar buttons are not modelled."""
    if flags & ~3:
        raise Wrong(f"the fake knows the options 1 and 2, not {flags}")
    run.options |= flags


@call
def SetCursorContext(run, mode, _envelope):
    run.reaper.focus = ("tracks", "arrange", "envelope")[mode]


@call
def defer(run, _function):
    """Only checks: the prelude hands the function itself over."""


@call
def atexit(run, function):
    run.at_exit.append(function)


@call
def new_array(_run, *_sizes):
    raise Wrong("the prelude makes arrays")


@call
def ColorToNative(_run, red, green, blue):
    return red | green << 8 | blue << 16


@call
def file_exists(run, path):
    return Path(run.reaper.real_path(path)).is_file()


@call
def EnumerateFiles(run, path, number):
    return nth(_names(run, path, Path.is_file, number), number)


def _names(run, path, wanted, number):
    """REAPER keeps a folder's listing from one number to the next, and looks again at -1 (and, here, at 0)."""
    if number < 0:
        run.listings.clear()
        return []
    key = path, wanted.__name__
    if number == 0 or key not in run.listings:
        folder = Path(run.reaper.real_path(path))
        found = sorted(folder.iterdir()) if folder.is_dir() else []
        run.listings[key] = [inside.name for inside in found if wanted(inside)]
    return run.listings[key]


@call
def RecursiveCreateDirectory(run, path, _ignored):
    folder = Path(run.reaper.real_path(path))
    if folder.is_dir():
        return 0
    try:
        folder.mkdir(parents=True)
    except OSError:
        return 0
    return 1


@call
def ExecProcess(run, command, timeout_ms):
    """Runs it where the test allowed that; always notes it. Waits only with a timeout of 0 or more."""
    run.reaper.commands.append((command, timeout_ms))
    if not run.reaper.runs_commands:
        return None if timeout_ms < 0 else "0\n"
    arguments = _split(command)
    environment = {**os.environ, **run.reaper.environment}
    if timeout_ms < 0:
        run.reaper.children.append(subprocess.Popen(arguments, env=environment, start_new_session=True))
        return None
    try:
        seconds = timeout_ms / 1000 or None
        done = subprocess.run(arguments, capture_output=True, timeout=seconds, check=False, env=environment)
    except subprocess.TimeoutExpired:
        return None
    return f"{done.returncode}\n{done.stdout.decode('utf-8', 'surrogateescape')}"


def _split(command):
    """The words of a command line: spaces part them outside of double or single quotes. No shell reads it."""
    words, word, quote = [], None, None
    for character in command:
        if quote:
            if character == quote:
                quote = None
            else:
                word += character
        elif character in "\"'":
            quote, word = character, word or ""
        elif character == " ":
            if word is not None:
                words.append(word)
            word = None
        else:
            word = (word or "") + character
    return [*words, word] if word is not None else words
