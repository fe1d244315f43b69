"""A strict fake of Ableton Live and Max, in node, that runs the shipped Retone.amxd; here is its driver.

    with Live(set=a_set(audio_track("Drums", [audio_clip(wav)]))) as live:
        device = live.load()
        live.select("live_set tracks 0 clip_slots 0 clip")
        device.type("Prompt", "a flute")
        device.press("Edit")

By manual time (the usual case) there are no sockets and time stands still but for ``advance``; by real time packets go
through real ones. What LiveAPI, the scripts or the patch do wrong is an error in Max's console, and fails the test when
the fake is closed, unless ``expect_error`` said that it would come.
"""

import time
from pathlib import Path

from live.device import Device
from live.node import ask, borrow, hand_back, stop
from live.scene import a_set

AMXD = Path(__file__).parents[2] / "max_for_live" / "Retone.amxd"


class Live:
    """``version`` is one of live.table.BUILDS, ``edition`` full, intro or lite; ``new_clips``: how Live makes a clip of
    a file, {warped, looping, warp_mode, tempo, markers, markers_late_ms: how long Live puts off what is written to its
    markers}; devices are loaded with ``service_port``;
    ``parts_texts``: Max parts a text at its spaces on its way to Live, unless it stands in quotes."""

    def __init__(
        self,
        version="12.3.0",
        set=None,
        clock="manual",
        service_port=9130,
        edition="full",
        new_clips=None,
        amxd=AMXD,
        os="macintosh",
        parts_texts=False,
    ):
        self.expected = []
        self.is_manual = clock == "manual"
        self.service_port = service_port
        self.process = borrow("main.js")
        try:
            self._do(
                "open",
                version=version,
                set=set or a_set(),
                clock=clock,
                edition=edition,
                new_clips=new_clips or {},
                amxd=str(amxd),
                os=os,
                parts_texts=parts_texts,
            )
        except BaseException:
            stop(self.process)
            raise

    def _do(self, command, **given):
        return ask(self.process, {"do": command, **given})

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            errors = self.unexpected if kind is None else []
        finally:
            # By real time sockets and timers stay behind; and who was interrupted may not have heard the last answer.
            if self.is_manual and (kind is None or issubclass(kind, Exception)):
                hand_back("main.js", self.process)
            else:
                stop(self.process)
        assert not errors, "Max's console: " + "\n".join(errors)

    def load(self, track=None, values=None, begin=True):
        """Puts the device on a track (a path; the master when None) with the values that the set keeps of it.

        ``begin``: live.thisdevice bangs at once; else when ``device.begin()`` is called.
        """
        path = track or "live_set master_track"
        kept = {"Service Port": self.service_port} if self.service_port != 9130 else {}
        return Device(self, self._do("load", track=path, values=kept | (values or {}), begin=begin))

    def select(self, path):
        """The user clicks on a clip, a slot, a track; None: nothing is selected."""
        self._do("select", path=path)

    def get(self, path, name):
        """A property as it is; an object as its path, several as a list of paths."""
        return self._do("get", path=path, name=name)

    def set(self, path, name, value):
        """The user changes a property."""
        self._do("set", path=path, name=name, value=value)

    def save(self, path):
        """The user saves the set as this .als file."""
        self._do("save", path=str(path))

    def remove_track(self, index):
        self._do("remove_track", index=index)

    def remove_scene(self, index):
        self._do("remove_scene", index=index)

    def delete_clip(self, path):
        self._do("delete_clip", path=path)

    def move_clip(self, path, slot):
        """The user pulls a clip of the Session to another slot (paths), over what lies there."""
        self._do("move_clip", path=path, slot=slot)

    def refuse(self, share, seed):
        """From now on Live refuses this share of the tracks, scenes and clips that a device asks it to make."""
        self._do("refuse", share=share, seed=seed)

    def tracks(self):
        """The names of the tracks, from left to right."""
        return self._do("tracks")

    def clips(self, index):
        """{"session": a clip or None for each scene, "arrangement": clips by time}, all that is known of each."""
        return self._do("clips", index=index)

    def advance(self, seconds):
        """Lets manual time go on; what is due is done."""
        self._do("advance", seconds=seconds)

    def wait(self, condition, seconds=10.0):
        """Waits until a condition holds, by real time or, in steps of 50 ms, by manual time; gives what it gave."""
        for _ in self._turns(seconds):
            if found := condition():
                return found
        raise AssertionError(f"waited {seconds} s in vain; Max's console:\n" + "\n".join(self.console))

    def _turns(self, seconds):
        if self.is_manual:
            for _ in range(round(seconds / 0.05)):
                yield
                self.advance(0.05)
        else:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                yield
                time.sleep(0.02)
        yield

    def sent(self, device):
        """[(address, [arguments])] of all that the device sent, itself included, as the bytes of the packets say."""
        return device.sent

    def hear(self, device, address, *arguments):
        device.hear(address, *arguments)

    def take_port(self, port):
        """Another program has this UDP port (manual time)."""
        self._do("take_port", port=port)

    def expect_error(self, part):
        """An error that holds this text will stand in the console, and is no fault."""
        self.expected.append(part)

    def _state(self, name):
        return self._do("state", name=name)

    @property
    def console(self):
        """The lines of Max's console: what was posted, and errors."""
        return [line["text"] for line in self._state("console")]

    @property
    def errors(self):
        return [line["text"] for line in self._state("console") if line["kind"] == "error"]

    @property
    def unexpected(self):
        return [text for text in self.errors if not any(part in text for part in self.expected)]

    @property
    def launched(self):
        """The addresses that were opened in the browser or the file manager."""
        return self._state("launched")

    @property
    def undo_steps(self):
        """How many steps back the user would find: each write counts."""
        return self._state("undo_steps")

    @property
    def destroyed(self):
        """The names of clips in the Arrangement that another was written over."""
        return self._state("destroyed")

    @property
    def made(self):
        """The files that devices have made clips of in the Session, as often as they did."""
        return self._state("made")

    @property
    def deleted(self):
        """The files of the clips that devices have deleted."""
        return self._state("deleted")

    @property
    def calls(self):
        """What the device wrote to Live: [path, "set" or "call", name, values ...]."""
        return self._state("calls")
