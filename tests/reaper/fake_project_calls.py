"""Calls about projects as a whole: tabs, undo, the cursor, the time selection, actions."""

from .fake_calls import call, nth
from .fake_lua import Wrong


@call
def EnumProjects(run, number):
    project = run.reaper.project if number == -1 else nth(run.reaper.projects, number)
    return project, str(project.file or "") if project else ""


@call
def GetProjectName(run, project):
    return project.file.name if (project := project or run.reaper.project).file else ""


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
def IsProjectDirty(run, project):
    return 1 if (project or run.reaper.project).changes else 0


@call
def MarkProjectDirty(run, project):
    (project or run.reaper.project).changes += 1


@call
def GetCursorPositionEx(run, project):
    return (project or run.reaper.project).cursor


@call
def GetCursorPosition(run):
    return run.reaper.project.cursor


@call
def SetEditCurPos2(run, project, seconds, _view, _seek):
    (project or run.reaper.project).cursor = seconds


@call
def SetEditCurPos(run, seconds, view, seek):
    SetEditCurPos2(run, None, seconds, view, seek)


@call
def GetSet_LoopTimeRange2(run, project, setting, loop, start, end, _seek):
    project = project or run.reaper.project
    name = "loop" if loop else "time_selection"
    if setting:
        setattr(project, name, (start, end))
    return getattr(project, name)


@call
def GetSet_LoopTimeRange(run, setting, loop, start, end, seek):
    return GetSet_LoopTimeRange2(run, None, setting, loop, start, end, seek)


@call
def GetSetProjectInfo(run, project, name, value, setting):
    project = project or run.reaper.project
    if name not in project.info:
        raise Wrong(f"{name} is nothing that the fake holds of a project")
    if setting:
        project.info[name] = value
    return project.info[name]


@call
def GetPlayState(run):
    return run.reaper.play_state


@call
def GetPlayStateEx(run, _project):
    return run.reaper.play_state


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
def Undo_BeginBlock(run):
    Undo_BeginBlock2(run, None)


@call
def Undo_EndBlock(run, name, flags):
    Undo_EndBlock2(run, None, name, flags)


@call
def Undo_OnStateChange2(run, project, name):
    run.blocks += 1
    (project or run.reaper.project).undo.add(name)


@call
def Undo_CanUndo2(run, project):
    return nth((project or run.reaper.project).undo.names[::-1], 0)


@call
def Undo_DoUndo2(run, project):
    undo = (project or run.reaper.project).undo
    if not undo.steps:
        return 0
    undo.back()
    return 1


@call
def PreventUIRefresh(run, count):
    run.reaper.refresh_held += count
    if run.reaper.refresh_held < 0:
        raise Wrong("the screen was let go more often than held")


@call
def UpdateArrange(run):
    run.reaper.redraws += 1


@call
def UpdateTimeline(run):
    run.reaper.redraws += 1


@call
def TrackList_AdjustWindows(run, _minor):
    run.reaper.redraws += 1


@call
def Main_OnCommandEx(run, command, _flag, project):
    run.reaper.command(command, project or run.reaper.project)


@call
def Main_OnCommand(run, command, _flag):
    run.reaper.command(command, run.reaper.project)


@call
def Main_openProject(run, name):
    run.reaper.open(name.removeprefix("noprompt:"))


@call
def Main_SaveProjectEx(run, project, file, _options):
    project = project or run.reaper.project
    if file:
        project.save_as(file)


@call
def TimeMap2_timeToQN(run, project, seconds):
    return seconds * (project or run.reaper.project).bpm / 60


@call
def SetProjExtState(run, project, section, key, value):
    kept = (project or run.reaper.project).ext_state
    if not key:
        for known in [known for known in kept if known[0] == section]:
            del kept[known]
    elif not value:
        kept.pop((section, key), None)
    else:
        kept[section, key] = value
    return len(value)


@call
def GetProjExtState(run, project, section, key):
    value = (project or run.reaper.project).ext_state.get((section, key), "")
    return (1 if value else 0), value


@call
def EnumProjExtState(run, project, section, number):
    kept = (project or run.reaper.project).ext_state
    found = nth([(key, value) for (known, key), value in kept.items() if known == section], number)
    return (True, *found) if found else (False, "", "")
