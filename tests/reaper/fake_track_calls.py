"""Calls about tracks: finding them, their numbers and names, sends, effects, lanes."""

from .fake_calls import call, nth
from .fake_lua import Wrong
from .fake_routing import Effect
from .fake_values import READ_ONLY, SEND, SINCE_7, TRACK


@call
def CountTracks(run, project):
    return len((project or run.reaper.project).tracks)


@call
def GetTrack(run, project, number):
    return nth((project or run.reaper.project).tracks, number)


@call
def GetTrackGUID(_run, track):
    return track.guid


@call
def CountTrackMediaItems(_run, track):
    return len(track.items)


@call
def GetTrackMediaItem(_run, track, number):
    return nth(track.items, number)


@call
def InsertTrackAtIndex(run, number, _defaults):
    _insert(run, run.reaper.project, number, "InsertTrackAtIndex")


@call
def InsertTrackInProject(run, project, number, _flags):
    _insert(run, project or run.reaper.project, number, "InsertTrackInProject")


def _insert(run, project, number, name):
    run.changes(project, name)
    project.add_track(at=min(max(number, 0), len(project.tracks)))


def _known(run, name):
    if name.startswith("C_LANEPLAYS:") and run.reaper.version >= (7,):
        return
    if name not in TRACK:
        raise Wrong(f"{name} is no number of a track")
    if name in SINCE_7 and run.reaper.version < (7,):
        raise Wrong(f"{name} came with REAPER 7, and this is {run.reaper.version_text}")


@call
def GetMediaTrackInfo_Value(run, track, name):
    _known(run, name)
    if name == "IP_TRACKNUMBER":
        return track.number
    if name.startswith("C_LANEPLAYS:"):
        return track.lane_plays.get(int(name.split(":")[1]), 0)
    return track[name]


@call
def SetMediaTrackInfo_Value(run, track, name, value):
    _known(run, name)
    if name in READ_ONLY:
        raise Wrong(f"{name} can only be read")
    run.changes(track, f"SetMediaTrackInfo_Value {name}")
    if name.startswith("C_LANEPLAYS:"):
        track.lane_plays[int(name.split(":")[1])] = value
    else:
        track[name] = value
    return True


@call
def GetSetMediaTrackInfo_String(run, track, name, value, setting):
    if setting:
        run.changes(track, f"GetSetMediaTrackInfo_String {name}")
    if name == "P_NAME":
        track.name = value if setting else track.name
        return True, track.name
    if name == "GUID":
        track.guid = value if setting else track.guid
        return True, track.guid
    if name.startswith("P_EXT:"):
        return ext(track, name, value, setting)
    if name.startswith("P_LANENAME:") and run.reaper.version >= (7,):
        lane = int(name.split(":")[1])
        if setting:
            track.lane_names[lane] = value
        return True, track.lane_names.get(lane, "")
    raise Wrong(f"{name} is no text of a track")


def ext(thing, name, value, setting):
    """P_EXT:key of anything: an empty text takes the key away, and one that was never set is not found."""
    key = name.removeprefix("P_EXT:")
    if not key:
        raise Wrong("P_EXT: needs a key")
    if setting and "\n" in value:
        raise Wrong("a line break does not come back from a project's file")
    if setting and value:
        thing.ext[key] = value
    elif setting:
        thing.ext.pop(key, None)
        return True, ""
    return key in thing.ext, thing.ext.get(key, "")


@call
def GetTrackNumSends(_run, track, category):
    return len(_sends(track, category))


def _sends(track, category):
    """1 hardware outputs, 0 sends to tracks, -1 receives."""
    if category == -1:
        return track.receives
    if category not in (0, 1):
        raise Wrong(f"there is no category {category} of sends")
    return [send for send in track.sends if (send.target is None) == (category == 1)]


def _send(track, category, number):
    send = nth(_sends(track, category), number)
    if send is None:
        raise Wrong(f"the track has no send {number} of category {category}")
    return send


@call
def CreateTrackSend(run, track, target):
    """Gives a number that counts sends and hardware outputs as one: REAPER's documents leave open how it counts."""
    run.changes(track, "CreateTrackSend")
    track.add_send(target)
    return len(track.sends) - 1


@call
def GetTrackSendInfo_Value(run, track, category, number, name):
    send = _send(track, category, number)
    if name in ("P_DESTTRACK", "P_SRCTRACK"):
        # A pointer as a number is what the signature's float stands for; scripts use it as one.
        return run.reaper.pointers.of(send.target if name == "P_DESTTRACK" else send.source)
    if name not in SEND:
        raise Wrong(f"{name} is no number of a send")
    return send.values[name]


@call
def SetTrackSendInfo_Value(run, track, category, number, name, value):
    send = _send(track, category, number)
    if name not in SEND:
        raise Wrong(f"{name} is no number of a send")
    run.changes(track, f"SetTrackSendInfo_Value {name}")
    send.values[name] = value
    return True


@call
def TrackFX_GetCount(_run, track):
    return len(track.effects)


def _effect(thing, number):
    effect = nth(thing.effects, number)
    if effect is None:
        raise Wrong(f"there is no effect {number}")
    return effect


@call
def TrackFX_CopyToTrack(run, track, number, target, place, move):
    run.changes(target, "TrackFX_CopyToTrack")
    effect = _effect(track, number)
    target.effects.insert(min(max(place, 0), len(target.effects)), effect.copy())
    if move:
        track.effects.remove(effect)


@call
def TakeFX_GetCount(_run, take):
    return len(take.effects)


@call
def TakeFX_AddByName(run, take, name, instantiate):
    """Only the volume effect that REAPER brings along is at hand."""
    known = name.lower().replace(" ", "") in ("js:utility/volume", "utility/volume")
    if instantiate == 0 or not known:
        return next((number for number, effect in enumerate(take.effects) if effect.name == name), -1)
    run.changes(take, "TakeFX_AddByName")
    take.effects.append(Effect(name))
    return len(take.effects) - 1


@call
def TakeFX_SetParam(run, take, number, parameter, value):
    run.changes(take, "TakeFX_SetParam")
    effect = _effect(take, number)
    if parameter == 0:
        effect.settings["gain"] = 10 ** (value / 20)
    return parameter == 0
