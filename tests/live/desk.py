"""One clip, one device and, by what the tests say, a service: the desk on which the device's own way is tried."""

from live.editing import RATE, sound
from live.host import Live
from live.scene import a_set, audio_clip, audio_track

CLIP = "live_set tracks 0 clip_slots 0 clip"
ABSENT = "No service answers on port 9130. Start it: type `retone serve` in a terminal"


class Desk:
    """A saved set whose only clip, of 4 s, is selected; ``loads``: the device is there, ``answers``: and the service.

    ``more`` goes to Live.
    """

    def __init__(self, folder, loads=True, answers=True, saved=True, **more):
        self.folder = folder
        self.loop = sound(folder / "loop.wav", 4 * RATE)
        drums = audio_track("Drums", [audio_clip(self.loop, name="Loop 1")])
        self.live = Live(set=a_set(drums, path=folder / "A song.als" if saved else ""), **more)
        self.live.select(CLIP)
        self.device = None
        if loads:
            self.load()
        if answers:
            self.welcome()

    def __enter__(self):
        return self

    def __exit__(self, *reason):
        self.live.__exit__(*reason)

    def load(self, **more):
        self.device = self.live.load(**more)
        self.device.type("Prompt", "a flute", enter=True)
        self.live.advance(0.3)
        return self.device

    def hear(self, word, *arguments):
        self.device.hear(f"/retone/{word}", *arguments)

    def welcome(self, protocol=1, device="cpu", version="1.0.0"):
        self.hear("welcome", version, protocol, device, "/models/pocket" if device else "", 3600)

    def tell_status(self, uptime=100, device="cpu", trouble=""):
        self.hear("status.reply", "", 0, 1, 0, device, "pocket" if device else "", uptime, trouble)

    def advance(self, seconds):
        """Time goes on while a service answers for its state, as one does that is there."""
        for _ in range(int(seconds)):
            self.live.advance(1)
            self.tell_status()
        self.live.advance(seconds - int(seconds))

    def sent(self, word):
        """The arguments of all that was sent at an address."""
        return [arguments for address, arguments in self.device.sent if address == f"/retone/{word}"]

    def ask(self, button="Edit", word="edit"):
        """Presses a button; the id of the job that this asks for."""
        before = len(self.sent(word))
        self.device.press(button)
        assert len(self.sent(word)) == before + 1, self.status
        return self.sent(word)[-1][0]

    def make(self, id, count=1):
        """The service says where the results of a job are, whose files are there; gives their paths."""
        paths = [sound(self.folder / f"{id}-{index}.wav", 4 * RATE) for index in range(1, count + 1)]
        for index, path in enumerate(paths, 1):
            self.hear("result", id, index, path)
        return paths

    def finish(self, id, count=1):
        """The service has done a job; gives the paths of the results."""
        paths = self.make(id, count)
        self.hear("done", id, count, paths[0])
        self.live.advance(3)
        return paths

    def landed(self):
        """The names of the clips on the tracks behind the first one."""
        tracks = range(1, len(self.live.tracks()))
        return [clip["name"] for track in tracks for clip in self.live.clips(track)["session"] if clip]

    @property
    def status(self):
        return self.device.text("status")


def pairs(request, first=2):
    """A request's settings by their names; ``first`` is where the first name stands."""
    return dict(zip(request[first::2], request[first + 1 :: 2], strict=True))
