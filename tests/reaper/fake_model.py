"""A project as REAPER holds it: tracks, items, takes. Tests build it and look at it; the calls of scripts work on it.

Every thing has a GUID, numbers by REAPER's names (``values``), texts kept in the project (``ext``), and is dead once
it, or what holds it, was removed.
"""

from pathlib import Path

from .fake_routing import Effect, Send, new_guid
from .fake_sources import Source
from .fake_undo import Undo
from .fake_values import ITEM, TAKE, TRACK


class Thing:
    """What a script holds a pointer to."""

    kind = ""

    def __init__(self, values):
        self.guid = new_guid()
        self.values = dict(values)
        self.ext = {}

    def __getitem__(self, name):
        return self.values[name]

    def __setitem__(self, name, value):
        if name not in self.values:
            raise KeyError(name)
        self.values[name] = float(value)


class Take(Thing):
    kind = "MediaItem_Take"

    def __init__(self, item, source=None, name="", **values):
        super().__init__(TAKE)
        self.item, self.source, self.name = item, source, name
        self.effects, self.stretch_markers = [], []
        for key, value in values.items():
            self[key] = value

    @property
    def alive(self):
        return self in self.item.takes and self.item.alive

    @property
    def project(self):
        return self.item.project

    def plain(self):
        source = self.source.plain() if self.source else None
        effects = [effect.plain() for effect in self.effects]
        own = {"name": self.name, "source": source, "effects": effects, "stretch": list(self.stretch_markers)}
        return {"guid": self.guid, **self.values, "ext": dict(self.ext), **own}


class Item(Thing):
    kind = "MediaItem"

    def __init__(self, track):
        super().__init__(ITEM)
        self.track, self.takes, self.notes = track, [], ""

    @property
    def alive(self):
        return self in self.track.items and self.track.alive

    @property
    def project(self):
        return self.track.project

    @property
    def take(self):
        """The current take; None where the item is empty."""
        number = int(self["I_CURTAKE"])
        return self.takes[number] if number < len(self.takes) else None

    @property
    def selected(self):
        return bool(self["B_UISEL"])

    @property
    def end(self):
        return self["D_POSITION"] + self["D_LENGTH"]

    def select(self, selected=True):
        self["B_UISEL"] = selected
        return self

    def add_take(self, source=None, name="", **values):
        """``source``: a Source, or the path of an audio file."""
        source = Source.from_file(source) if isinstance(source, str | Path) else source
        self.takes.append(take := Take(self, source, name, **values))
        if source is not None:
            source.owner = take
        return take

    def delete(self):
        self.track.items.remove(self)

    def plain(self):
        takes = [take.plain() for take in self.takes]
        return {"guid": self.guid, **self.values, "notes": self.notes, "ext": dict(self.ext), "takes": takes}


class Track(Thing):
    kind = "MediaTrack"

    def __init__(self, project, name=""):
        super().__init__(TRACK)
        self.project, self.name = project, name
        self.items, self.effects, self.sends = [], [], []
        self.lane_names, self.lane_plays = {}, {}

    @property
    def alive(self):
        return self.project.alive and (self in self.project.tracks or self is self.project.master)

    @property
    def number(self):
        """From 1; -1 for the master."""
        return -1 if self is self.project.master else self.project.tracks.index(self) + 1

    @property
    def receives(self):
        return [send for track in self.project.tracks for send in track.sends if send.target is self]

    @property
    def parent(self):
        """The folder that the track lies in."""
        folders = []
        for track in self.project.tracks:
            if track is self:
                return folders[-1] if folders else None
            depth = int(track["I_FOLDERDEPTH"])
            if depth > 0:
                folders.append(track)
            elif depth < 0:
                del folders[depth:]
        return None

    def add_item(self, source=None, position=0.0, length=None, name=None, **values):
        """An item with one take of ``source`` (a path or a Source), or with none, and looped as REAPER does by itself.

        ``values``: by REAPER's names, of the item or the take: D_FADEINLEN=0.2, D_PLAYRATE=1.37; also ``playrate``,
        ``offset`` (D_STARTOFFS) and ``channel_mode``. The length is the source's where none is given.
        """
        short = {"playrate": "D_PLAYRATE", "offset": "D_STARTOFFS", "channel_mode": "I_CHANMODE"}
        values = {short.get(key, key): value for key, value in values.items()}
        self.items.append(item := Item(self))
        take = None
        if source is not None:
            source = Source.from_file(source) if isinstance(source, str | Path) else source
            take = item.add_take(source, Path(source.file).name if name is None else name)
        for key, value in values.items():
            (take if take is not None and key in TAKE and key not in ITEM else item)[key] = value
        item["D_POSITION"] = position
        item["D_LENGTH"] = length if length is not None else source.length_s / (take["D_PLAYRATE"] if take else 1)
        self.sort()
        return item

    def add_send(self, target=None, **values):
        self.sends.append(send := Send(self, target, **values))
        return send

    def add_effect(self, name, **settings):
        self.effects.append(effect := Effect(name, settings=settings))
        return effect

    def sort(self):
        self.items.sort(key=lambda item: item["D_POSITION"])

    def delete(self):
        for track in self.project.tracks:
            track.sends = [send for send in track.sends if send.target is not self]
        self.project.tracks.remove(self)

    def plain(self):
        own = {"guid": self.guid, "name": self.name, **self.values, "ext": dict(self.ext)}
        own["effects"] = [effect.plain() for effect in self.effects]
        own["sends"] = [send.plain() for send in self.sends]
        own["lanes"] = {"names": dict(self.lane_names), "plays": dict(self.lane_plays)}
        return {**own, "items": [item.plain() for item in self.items]}


class Project(Thing):
    """A tab. ``file`` is None while it was never saved; its media go to ``media_folder``, what REAPER renders has its
    ``rate``.
    """

    kind = "ReaProject"

    def __init__(self, media_folder, file=None):
        super().__init__({})
        self.file, self.media_folder = file and Path(file), Path(media_folder)
        self.alive, self.tracks = True, []
        self.master = Track(self, "MASTER")
        self.cursor = 0.0
        self.time_selection = self.loop = (0.0, 0.0)
        self.ext_state = {}
        self.changes = 0
        self.rate = 48000
        self.undo = Undo(self)

    @property
    def items(self):
        """Of all tracks, in their order."""
        return [item for track in self.tracks for item in track.items]

    @property
    def selected_items(self):
        return [item for item in self.items if item.selected]

    def add_track(self, name="", at=None, **values):
        track = Track(self, name)
        self.tracks.insert(len(self.tracks) if at is None else at, track)
        for key, value in values.items():
            track[key] = value
        return track

    def track(self, name):
        """The one track of this name."""
        (track,) = (track for track in self.tracks if track.name == name)
        return track

    def save_as(self, file):
        self.file = Path(file)
        self.media_folder = self.file.parent / "Media"

    def close(self):
        self.alive = False

    def plain(self):
        """All that is in it as plain data, to be compared."""
        own = {"cursor": self.cursor, "time_selection": self.time_selection, "loop": self.loop}
        return {**own, "master": self.master.plain(), "tracks": [track.plain() for track in self.tracks]}
