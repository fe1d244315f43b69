"""A strict fake of REAPER, in which the shipped scripts run unchanged under Lua 5.3 or 5.4.

    reaper = Reaper(tmp_path, lua="5.4", version="7.60")
    track = reaper.project.add_track("Piano")
    item = track.add_item(wav, position=1.0, length=2.0, playrate=1.37).select()
    reaper.answer_inputs(prompt="a church organ")              # the next dialog of fields; other fields stay
    run = reaper.run("Retone - edit selected items with a prompt")
    reaper.until(lambda: run.ended, seconds=30)
    assert len(reaper.project.track("a church organ").items) == 1
    assert run.slowest_s < 0.05                                # in the script itself, without the fake

Scripts have HOME in ``tmp_path / "home"``. Dialogs come up as the test told: ``answer_inputs``, ``cancel_inputs``,
``answer_message("yes", containing="...")``; ``dialogs.shown`` holds them. A window's text is ``run.window.text``.
Libraries are tried with ``reaper.lua_values('return require("retone.osc").encode(...)', "/retone/version")``, which
gives what the chunk returns, pointers as the things of fake_model. Every wrong use of a call is a Lua error and fails
the tick that it happened in, whatever the script makes of it.
"""

import os
import subprocess
import time
from pathlib import Path

import reaper.fake_item_calls
import reaper.fake_project_calls
import reaper.fake_source_calls
import reaper.fake_state_calls
import reaper.fake_track_calls
import reaper.fake_window  # noqa: F401

from .fake_audio import apply_effects
from .fake_dialogs import Dialogs
from .fake_lua import Pointers, Wrong
from .fake_model import Project
from .fake_run import Run
from .table import EXTENSION, SCRIPTS, load

ACTIONS = SCRIPTS / "Retone"
NEW_TAB, CLOSE_TAB, APPLY_EFFECTS = 40859, 40860, 40209


class Fault(AssertionError):
    """A script used calls wrongly, or left something open over a tick."""


class Reaper:
    """``version``: REAPER's; calls that came later read as nil. ``system``: what GetOS says; on Windows, paths have
    backslashes. ``clock``: a function that gives seconds, in place of the real time; else time_precise stands still in
    the fake's calls, whose slowness is not REAPER's, and runs ``pace`` times as fast for scripts that wait.
    ``scripts``: the folder of the actions.
    """

    def __init__(self, folder, lua="5.4", version="7.60", system="Other", clock=None, scripts=ACTIONS, pace=1):
        self.folder, self.lua, self.os, self.scripts = Path(folder), lua, system, Path(scripts)
        self.version_text, self.version = version, _version(version)
        self.pace, self.in_fake_s = pace, 0.0
        self.clock, self.seconds = (self._own_time, time.time) if clock is None else (clock, clock)
        self.home, self.resources = self.folder / "home", self.folder / "REAPER"
        for made in (self.home, self.resources, self.folder / "REAPER Media"):
            made.mkdir(exist_ok=True)
        self.environment = {"HOME": str(self.home), "LOCALAPPDATA": self.shown_path(self.home)}
        self.calls, self.pointers, self.dialogs = load(), Pointers(), Dialogs()
        self.project = Project(self.folder / "REAPER Media")
        self.projects = [self.project]
        self.ext_state, self.kept_state = {}, {}
        self.console, self.commands, self.children, self.runs_commands = "", [], [], False
        self.runs, self.faults, self.sources, self.accessors = [], [], [], []
        self.refresh_held = self.redraws = 0
        self.focus = "arrange"  # or the window that was opened last
        self.accessor_start_s, self.accessor_alarms = 0.0, 0

    # What scripts may call

    def has(self, name):
        """Whether this version has the call."""
        return name in self.calls and _version(self.calls[name]["since"]) <= self.version

    def status(self, name):
        """ "there", "absent" where it reads as nil, or "unknown"."""
        if self.has(name):
            return "there"
        return "absent" if name in self.calls or EXTENSION.match(name) else "unknown"

    def fault(self, name, what):
        """Notes a wrong use; gives the Lua error's text."""
        self.faults.append(f"{name}: {what}")
        return self.faults[-1]

    def shell(self, command):
        """os.execute: noted, and run where the test allows it."""
        self.commands.append((command, None))
        if not self.runs_commands:
            return True
        environment = {**os.environ, **self.environment}
        return subprocess.run(["/bin/sh", "-c", command], env=environment, check=False).returncode == 0 or None

    # What the user does

    def new_project(self, file=None, media_folder=None):
        """A new tab, which becomes the current one."""
        file = file and Path(file)
        folder = media_folder or (file.parent / "Media" if file else self.folder / "REAPER Media")
        self.project = Project(folder, file)
        self.projects.append(self.project)
        return self.project

    def close_project(self, project=None):
        """Closes a tab; as in REAPER there is always one."""
        project = project or self.project
        project.close()
        self.projects.remove(project)
        if not self.projects:
            self.new_project()
        if self.project is project:
            self.project = self.projects[-1]

    def command(self, number, project):
        if number == NEW_TAB:
            self.new_project()
        elif number == CLOSE_TAB:
            self.close_project(project)
        elif number == APPLY_EFFECTS:
            apply_effects(project)
        else:
            raise Wrong(f"action {number} is none that the fake does")

    def answer_inputs(self, **answers):
        """The next dialog of fields is answered: by the beginnings of captions; other fields stay as they came up."""
        self.dialogs.answers.append(("inputs", answers))

    def cancel_inputs(self):
        self.dialogs.answers.append(("inputs", None))

    def answer_message(self, button="ok", containing=""):
        self.dialogs.answers.append(("message", (button, containing)))

    def run(self, action, when_running=None):
        """Starts an action of the scripts folder, or of a path, by its name; its first part runs at once.

        While it runs already REAPER asks, unless the script set what then: ``when_running`` is "new" or "end".
        """
        path = Path(action) if Path(action).is_absolute() else self.scripts / f"{action.removesuffix('.lua')}.lua"
        running = [run for run in self.runs if run.path == path and not run.ended]
        if running:
            options = running[-1].options
            choice = {1: "end", 3: "replace"}.get(options, when_running)
            if choice is None:
                raise Fault(f"{path.name} runs already: REAPER would ask what to do")
            if choice in ("end", "replace"):
                for run in running:
                    run.end()
            if choice == "end":
                self._settled()
                return running[-1]
        self.runs.append(run := Run(self, path))
        try:
            run.start()
        finally:
            self._settled()
        return run

    def lua_run(self, code, *arguments):
        """Runs a chunk with the library in reach, as an action of its own; ``values`` are what it returned."""
        self.runs.append(run := Run(self, ""))
        try:
            run.start_text(f"package.path = [==[{self.scripts}/?.lua]==] {code}", *arguments)
        finally:
            self._settled()
        return run

    def lua_values(self, code, *arguments):
        """What a chunk returns: one value, or a list of several."""
        values = self.lua_run(code, *arguments).values
        return values[0] if len(values) == 1 else values or None

    def tick(self):
        """Calls what scripts deferred, once."""
        try:
            for run in [run for run in self.runs if not run.ended]:
                run.tick()
        finally:
            self._settled()

    def until(self, reached, seconds=10.0, pause=0.01):
        """Ticks until ``reached()``; fails where that takes longer."""
        end = time.monotonic() + seconds
        while not reached():
            if time.monotonic() > end:
                raise Fault(f"not reached within {seconds} s; console: {self.console[-500:]!r}")
            self.tick()
            time.sleep(pause)

    def lose_scripts(self):
        """Ends all scripts without a word: what they asked for at exit is not called."""
        for run in self.runs:
            run.ended = True
        self.runs.clear()

    def restart(self):
        """Quits and starts again: scripts end, and what was not kept on the disk is forgotten."""
        for run in self.runs:
            run.end()
        self.runs.clear()
        self.ext_state = {key: _from_ini(value) for key, value in self.kept_state.items()}
        self.pointers = Pointers()

    def _settled(self):
        """What must not outlast a tick; faults of the tick fail it."""
        for project in self.projects:
            if project.undo.depth:
                self.fault("Undo_BeginBlock2", "the block is open still after the tick")
                project.undo.depth = 0
        if self.refresh_held:
            self.fault("PreventUIRefresh", f"{self.refresh_held} is held still after the tick")
            self.refresh_held = 0
        if self.faults:
            faults, self.faults = self.faults, []
            raise Fault("\n".join(faults))

    def _own_time(self):
        return self.pace * (time.perf_counter() - self.in_fake_s)

    # Paths

    def shown_path(self, path):
        return str(path).replace("/", "\\") if self.os.startswith("Win") else str(path)

    def real_path(self, path):
        return path.replace("\\", "/") if self.os.startswith("Win") else path

    @property
    def open_accessors(self):
        return [accessor for accessor in self.accessors if accessor.alive]

    @property
    def loose_sources(self):
        """Sources that a script made and neither gave to a take nor destroyed."""
        return [source for source in self.sources if source.alive and source.owner is None]


def _version(text):
    return tuple(int(part) for part in text.split("."))


def _from_ini(value):
    """A value as an ini file may give it back: one line, not too long, no spaces around it, one pair of quotes less."""
    value = value.split("\n")[0][:2048].strip()
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value
