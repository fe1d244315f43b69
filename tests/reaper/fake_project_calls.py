"""Calls about projects as a whole: tabs, undo, the cursor, the time selection, actions."""

from .fake_calls import call, nth
from .fake_lua import Wrong


@call
def EnumProjects(run, number):
    project = run.reaper.project if number == -1 else nth(run.reaper.projects, number)
    return project, str(project.file or "") if project else ""


@call
def GetProjectPathEx(run, project):
    return run.reaper.shown_path((project or run.reaper.project).media_folder)


@call
def SelectProjectInstance(run, project):
    run.reaper.project = project or run.reaper.project


@call
def ValidatePtr2(run, project, thing, kind):
    kind = kind.rstrip("*")
    if kind == "ReaProject":
        return thing.kind == kind and thing.alive
    owner = getattr(thing, "project", None)
    return thing.kind == kind and thing.alive and owner in (None, project or run.reaper.project)


@call
def GetProjectStateChangeCount(run, project):
    return (project or run.reaper.project).changes


@call
def GetCursorPositionEx(run, project):
    return (project or run.reaper.project).cursor


@call
def GetSet_LoopTimeRange2(run, project, setting, loop, start, end, _seek):
    project = project or run.reaper.project
    name = "loop" if loop else "time_selection"
    if setting:
        setattr(project, name, (start, end))
    return getattr(project, name)


@call
def Undo_BeginBlock2(run, project):
    project = project or run.reaper.project
    run.blocks += 1
    project.undo.begin()


@call
def Undo_EndBlock2(run, project, name, _flags):
    if not (project or run.reaper.project).undo.end(name):
        raise Wrong("no undo block is open in this project")


@call
def Undo_CanUndo2(run, project):
    return nth((project or run.reaper.project).undo.names[::-1], 0)


@call
def PreventUIRefresh(run, count):
    run.reaper.refresh_held += count
    if run.reaper.refresh_held < 0:
        raise Wrong("the screen was let go more often than held")


@call
def UpdateArrange(run):
    run.reaper.redraws += 1


@call
def TrackList_AdjustWindows(run, _minor):
    run.reaper.redraws += 1


@call
def UpdateTimeline(run):
    run.reaper.redraws += 1


@call
def Main_OnCommandEx(run, command, _flag, project):
    run.reaper.command(command, project or run.reaper.project)


@call
def Main_OnCommand(run, command, _flag):
    run.reaper.command(command, run.reaper.project)
