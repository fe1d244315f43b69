"""What happens around the device in Live on a bad day, by chance: a user, Live, a service and other programs."""

from collections import Counter

from faults.live_hostile import forged, malformed, of_others
from faults.live_service import FRAMES, Network, Service
from live.editing import sound
from live.scene import audio_clip, audio_track, group_track, midi_clip, midi_track

PORT, OTHER_PORT = 9130, 9140


class Day:
    """Who does what. ``books`` counts; the rest of it, how time goes on and what came of it, is in live_landings."""

    def __init__(self, folder, chance):
        self._folder, self._chance, self.now, self.live = folder, chance, 0.0, None
        self.books = Counter()
        self._network = Network(chance)
        self._service = Service(chance, self._network, folder, PORT)
        self._own = sound(folder / "own.wav", FRAMES)
        self._other = sound(folder / "other.wav", FRAMES)
        self._devices, self._gone = [], set()
        self._asked, self._ended, self._forged, self._cancelled = {}, set(), set(), set()

    def _tracks(self, scenes):
        def a_clip(**more):
            warped = self._chance.random() < 0.5
            looping = warped and self._chance.random() < 0.5
            return audio_clip(self._own, warped=warped, looping=looping, **more)

        def clips():
            return [a_clip() if self._chance.random() < 0.6 else None for _ in range(scenes)]

        arranged = [a_clip(start_time=4.0 * place) for place in range(3)]
        return [
            audio_track("Drums", [a_clip(), *clips()[1:]], arranged),
            group_track("Band", audio_track("Bass", clips()), audio_track("Voice", clips())),
            midi_track("Keys", [midi_clip()]),
        ]

    def _act(self):
        acts = {
            self._edit: 10, self._select: 10, self._storm: 1, self._other_button: 4, self._cancel: 1, self._turn: 4,
            self._type: 1, self._delete: 2, self._move: 2, self._device_comes_or_goes: 1, self._service_dies: 1,
            self._refuse: 1, self._hostile: 6, self._set_changes: 1,
        }  # fmt: skip
        self._chance.choices(list(acts), list(acts.values()))[0]()

    @property
    def _device(self):
        return self._chance.choice(self._devices)

    def _blow(self, name):
        self.books[f"blow {name}"] += 1

    def _edit(self):
        self._device.press("Edit")

    def _storm(self):
        self._blow("presses in storms")
        device = self._device
        for _ in range(self._chance.randrange(3, 12)):
            device.press(self._chance.choice(("Edit", "Edit", "Find", "Steer", "Cancel", "New Seed", "Show File")))

    def _other_button(self):
        self._device.press(self._chance.choice(("Find", "Steer", "New Seed", "Show File")))

    def _cancel(self):
        self._device.press("Cancel")

    def _turn(self):
        name, value = self._chance.choice((
            ("Strength", self._chance.randrange(102)), ("Variations", self._chance.choice((1, 1, 2, 4))),
            ("Count", self._chance.randrange(1, 7)), ("Direction 1", self._chance.uniform(-1, 1)),
            ("Direction 3", self._chance.choice((0, 0.7))), ("Tab", self._chance.randrange(3)),
            ("Service Port", self._chance.choice((PORT, PORT, OTHER_PORT))), ("Mute Source", None),
        ))  # fmt: skip
        self._device.press(name) if value is None else self._device.turn(name, value)

    def _type(self):
        prompts = ("a flute", "808", "église, 'dub' \"x\" %s", "", "  ", "x" * 480, "é" * 3000)
        self._device.type("Prompt", self._chance.choice(prompts), enter=self._chance.random() < 0.5)

    def _places(self):
        """(track, scenes): how many there are."""
        return len(self.live.tracks()), len(self.live.get("live_set", "scenes"))

    def _slot(self):
        tracks, scenes = self._places()
        return f"live_set tracks {self._chance.randrange(tracks)} clip_slots {self._chance.randrange(scenes)}"

    def _clip(self):
        """The path of a clip, or None where chance found none."""
        if self._chance.random() < 0.3:
            clips = self.live.get(f"live_set tracks {self._chance.randrange(self._places()[0])}", "arrangement_clips")
            return self._chance.choice(clips) if clips else None
        slot = self._slot()
        return f"{slot} clip" if self.live.get(slot, "clip") else None

    def _select(self):
        self.live.select(None if self._chance.random() < 0.1 else self._clip())

    def _delete(self):
        clip = self._clip()
        tracks, scenes = self._places()
        which = self._chance.random()
        if which < 0.5 and clip:
            self._blow("clips deleted")
            self.live.delete_clip(clip)
        elif which < 0.75 and scenes > 1:
            self._blow("scenes deleted")
            self.live.remove_scene(self._chance.randrange(scenes))
        elif which > 0.85 and tracks > 4:  # a group takes its tracks along
            self._blow("tracks deleted")
            self.live.remove_track(self._chance.randrange(tracks))

    def _move(self):
        clip, slot = self._clip(), self._slot()
        if clip and " clip_slots " in clip:
            self._blow("clips moved")
            self.live.move_clip(clip, slot)

    def _meddle(self, path):
        """Perhaps the user is at a clip in the moment in which it lands, while Live is still busy with it."""
        if self._network.is_bad and self._chance.random() < 0.5:
            for track in range(len(self.live.tracks())):
                for scene, clip in enumerate(self.live.clips(track)["session"]):
                    if clip and clip.get("file_path") == path:
                        self._meddle_in(track, scene)
                        return

    def _meddle_in(self, track, scene):
        slot = f"live_set tracks {track} clip_slots {scene}"
        mine = self._clip()
        which = self._chance.randrange(5)
        if which == 0:
            self.live.delete_clip(f"{slot} clip")
        elif which == 1 and mine and " clip_slots " in mine:
            self.live.move_clip(mine, slot)
        elif which == 2:
            self.live.move_clip(f"{slot} clip", self._slot())
        elif which == 3 and len(self.live.tracks()) > 3:
            self.live.remove_track(track)
        elif which == 4 and self._places()[1] > 1:
            self.live.remove_scene(scene)
        self._blow("a clip taken while it lands")

    def _add_device(self):
        device = self.live.load()
        self._devices.append(device)
        device.type("Prompt", "a flute", enter=True)

    def _device_comes_or_goes(self):
        if self._chance.random() < 0.5:
            self._blow("presets loaded")
            self._device.begin()
        elif len(self._devices) < 3 and self._chance.random() < 0.6:
            self._blow("devices added")
            self._add_device()
        elif len(self._devices) > 1:
            self._blow("devices removed")
            device = self._devices.pop(self._chance.randrange(len(self._devices)))
            device.remove()
            self._gone.add(device.number)
            self._take(device)

    def _service_dies(self):
        if self._service.is_up:
            self._blow("service killed")
            self._service.kill()
        keeps = self._chance.random() < 0.6
        self._work(self._chance.choice((0.1, 2.0, 20.0)), 0.2)
        self._blow("service back with its jobs" if keeps else "service back without its jobs")
        self._service.start(self.now, keeps)

    def _refuse(self):
        self._blow("Live begins to refuse")
        self.live.refuse(self._chance.choice((0, 0, 0.3, 0.8)), self._chance.randrange(2**31))

    def _set_changes(self):
        if self._chance.random() < 0.5:
            self.live.save(self._folder / "B song.als")
        else:
            track = f"live_set tracks {self._chance.randrange(self._places()[0])}"
            self.live.set(track, "is_frozen", self._chance.choice((0, 0, 1)))

    def _hostile(self):
        device = self._device
        mine = [id for id, one in self._asked.items() if one == device.number and id not in self._ended]
        kind = self._chance.random()
        if kind < 0.4:
            self._blow("malformed messages")
            address, values = malformed(self._chance, ["m000000000000"])
        elif kind < 0.6 or not mine:
            self._blow("messages of other jobs")
            address, values = of_others(self._chance, self._other)
        else:
            self._blow("forged messages")
            id = self._chance.choice(mine)
            self._forged.add(id)
            maker = forged if self._chance.random() < 0.7 else lambda chance, id, _: malformed(chance, [id] * 30)
            address, values = maker(self._chance, id, self._other)
        device.hear(address, *values)
