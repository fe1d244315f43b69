"""Calls about items and takes: finding, making and deleting them, their numbers and texts."""

from .fake_calls import call, nth
from .fake_lua import Wrong
from .fake_track_calls import ext
from .fake_values import ITEM, READ_ONLY, SINCE_7, TAKE


@call
def CountMediaItems(run, project):
    return len((project or run.reaper.project).items)


@call
def GetMediaItem(run, project, number):
    return nth((project or run.reaper.project).items, number)


@call
def CountSelectedMediaItems(run, project):
    return len((project or run.reaper.project).selected_items)


@call
def GetSelectedMediaItem(run, project, number):
    return nth((project or run.reaper.project).selected_items, number)


@call
def SetMediaItemSelected(run, item, selected):
    run.changes(item, "SetMediaItemSelected")
    item.select(selected)


@call
def SelectAllMediaItems(run, project, selected):
    project = project or run.reaper.project
    run.changes(project, "SelectAllMediaItems")
    for item in project.items:
        item.select(selected)


@call
def AddMediaItemToTrack(run, track):
    run.changes(track, "AddMediaItemToTrack")
    return track.add_item(length=0.0)


@call
def GetMediaItem_Track(_run, item):
    return item.track


@call
def GetItemProjectContext(_run, item):
    return item.project


def _known(run, name, table, what):
    if name not in table:
        raise Wrong(f"{name} is no number of {what}")
    if name in SINCE_7 and run.reaper.version < (7,):
        raise Wrong(f"{name} came with REAPER 7, and this is {run.reaper.version_text}")


@call
def GetMediaItemInfo_Value(run, item, name):
    _known(run, name, ITEM, "an item")
    if name == "IP_ITEMNUMBER":
        return item.track.items.index(item)
    if name == "B_MUTE_ACTUAL":
        return item["B_MUTE"]
    return item[name]


@call
def SetMediaItemInfo_Value(run, item, name, value):
    _known(run, name, ITEM, "an item")
    if name in READ_ONLY:
        raise Wrong(f"{name} can only be read")
    if name in ("D_LENGTH", "D_FADEINLEN", "D_FADEOUTLEN") and value < 0:
        raise Wrong(f"{name} of {value}")
    run.changes(item, f"SetMediaItemInfo_Value {name}")
    item[name] = value
    if name == "I_FIXEDLANE":
        item.track["I_NUMFIXEDLANES"] = max(item.track["I_NUMFIXEDLANES"], value + 1)
    if name == "D_POSITION":
        item.track.sort()
    return True


@call
def GetSetMediaItemInfo_String(run, item, name, value, setting):
    if setting:
        run.changes(item, f"GetSetMediaItemInfo_String {name}")
    if name == "P_NOTES":
        item.notes = value if setting else item.notes
        return True, item.notes
    if name == "GUID":
        item.guid = value if setting else item.guid
        return True, item.guid
    if name.startswith("P_EXT:"):
        return ext(item, name, value, setting)
    raise Wrong(f"{name} is no text of an item")


@call
def CountTakes(_run, item):
    return len(item.takes)


@call
def GetActiveTake(_run, item):
    return item.take


@call
def SetActiveTake(run, take):
    run.changes(take, "SetActiveTake")
    take.item["I_CURTAKE"] = take.item.takes.index(take)


@call
def AddTakeToMediaItem(run, item):
    run.changes(item, "AddTakeToMediaItem")
    return item.add_take()


@call
def GetMediaItemTakeByGUID(run, project, guid):
    takes = [take for item in (project or run.reaper.project).items for take in item.takes]
    return next((take for take in takes if take.guid == guid), None)


@call
def GetMediaItemTakeInfo_Value(run, take, name):
    _known(run, name, TAKE, "a take")
    return take.item.takes.index(take) if name == "IP_TAKENUMBER" else take[name]


@call
def SetMediaItemTakeInfo_Value(run, take, name, value):
    _known(run, name, TAKE, "a take")
    if name in READ_ONLY:
        raise Wrong(f"{name} can only be read")
    run.changes(take, f"SetMediaItemTakeInfo_Value {name}")
    take[name] = value
    return True


@call
def GetTakeName(_run, take):
    return take.name


@call
def GetSetMediaItemTakeInfo_String(run, take, name, value, setting):
    if setting:
        run.changes(take, f"GetSetMediaItemTakeInfo_String {name}")
    if name == "P_NAME":
        take.name = value if setting else take.name
        return True, take.name
    if name == "GUID":
        take.guid = value if setting else take.guid
        return True, take.guid
    if name.startswith("P_EXT:"):
        return ext(take, name, value, setting)
    raise Wrong(f"{name} is no text of a take")


@call
def TakeIsMIDI(_run, take):
    return take.source is not None and take.source.type == "MIDI"


@call
def GetMediaItemTake_Source(_run, take):
    return take.source


@call
def SetMediaItemTake_Source(run, take, source):
    run.changes(take, "SetMediaItemTake_Source")
    if source.owner is not None:
        raise Wrong("the source belongs to another take already")
    if take.source is not None:
        take.source.owner = None
    take.source, source.owner = source, take
    return True
