"""An edit from the press to the landing, by manual time: the service's part is said here, its files are silent ones."""

import wave

from live.host import Live
from live.scene import a_set

RATE = 44100
# The clip that most tests edit, and the track where its results land.
SLOT = "live_set tracks 0 clip_slots 0 clip"
RESULT = "Drums · Retone"


def sound(path, frames, rate=RATE):
    """A silent file; its path as text."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(rate)
        file.writeframes(b"\x80" * frames)
    return str(path)


class Editing:
    """A set with one device in it, which the service has welcomed. Files lie in ``folder``.

    ``options`` are the set's, ``on`` the path of the device's track (the master when None); ``more`` goes to Live.
    """

    def __init__(self, folder, *tracks, options=None, on=None, **more):
        self.folder = folder
        self.made = 0
        self.live = Live(set=a_set(*tracks, **(options or {})), **more)
        self.add_device(on)

    def add_device(self, on=None):
        """Loads a device, which is the one in use from now on."""
        self.device = self.live.load(on)
        # It may meet another device's port first.
        self.live.wait(lambda: any(address == "/retone/hello" for address, _ in self.device.sent))
        self.device.hear("/retone/welcome", "1.0.0", 1, "cpu", "pocket", 60)
        self.device.type("Prompt", "a flute", enter=True)
        self.live.advance(0.1)

    def __enter__(self):
        return self

    def __exit__(self, *reason):
        self.live.__exit__(*reason)

    def select(self, path):
        self.live.select(path)
        self.live.advance(0.1)

    def ask(self, path=None):
        """Selects a clip, presses Edit, and gives what the device asks for: {id, path, prompt, region_start ...}."""
        if path:
            self.select(path)
        before = len(self.requests)
        self.device.press("Edit")
        self.live.advance(0.1)
        assert len(self.requests) > before, self.status
        _, (job, clip, *pairs) = self.requests[-1]
        return {"id": job, "path": clip, **dict(zip(pairs[::2], pairs[1::2], strict=True))}

    def answer(self, asked, count=1, frames=None, wait=True):
        """The service has made ``count`` files of it: they land, when it is waited for. Gives their paths."""
        paths = []
        for index in range(1, count + 1):
            self.made += 1
            path = self.folder / f"made {self.made}.wav"
            path = sound(path, frames or asked["region_frames"], self.rate_of(asked["path"]))
            paths.append(path)
            self.device.hear("/retone/result", asked["id"], index, path)
        self.device.hear("/retone/done", asked["id"], count, paths[0])
        if wait:
            self.live.advance(0.4 + 0.2 * count)
        return paths

    def edit(self, path=None, count=1):
        """Selects a clip, edits it, and lets the results land. Gives what was asked for."""
        asked = self.ask(path)
        self.answer(asked, count)
        return asked

    @staticmethod
    def rate_of(path):
        with wave.open(path) as file:
            return file.getframerate()

    @property
    def requests(self):
        return [one for one in self.device.sent if one[0] == "/retone/edit"]

    @property
    def status(self):
        return self.device.text("status")

    @property
    def tracks(self):
        return self.live.tracks()

    def session(self, track):
        """{scene: clip} of a track."""
        clips = self.live.clips(self.tracks.index(track))["session"]
        return {scene: clip for scene, clip in enumerate(clips) if clip}

    def arrangement(self, track):
        return self.live.clips(self.tracks.index(track))["arrangement"]


def beat_at(clip, seconds):
    """The beat of a warped clip at which a place of its file is heard."""
    markers = clip["warp_markers"]
    at = next((at for at in range(1, len(markers)) if seconds <= markers[at]["sample_time"]), len(markers) - 1)
    left, right = markers[at - 1], markers[at]
    part = (seconds - left["sample_time"]) / (right["sample_time"] - left["sample_time"])
    return left["beat_time"] + part * (right["beat_time"] - left["beat_time"])


def assert_in_time(source, result, asked, rate=RATE):
    """Whenever both clips are started together, each sample of the result is heard when it is heard in the source."""
    for part in range(41):
        seconds = part / 40 * asked["region_frames"] / rate
        in_source = beat_at(source, asked["region_start"] / rate + seconds) - source["start_marker"]
        in_result = beat_at(result, seconds) - result["start_marker"]
        assert abs(in_source - in_result) < 0.002, f"at {seconds:.3f} s: beat {in_source} is {in_result} in the result"
