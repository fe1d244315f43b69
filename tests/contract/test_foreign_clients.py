"""Programs of other makes do a whole job: liblo's command line, Pure Data, python-osc, and, without sockets, Perl.

Each asks for an edit of a clip whose path holds a space and an accent, hears the job through to its end, and says that
the end has arrived.
"""

import re
import shutil
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import soundfile
from pythonosc.dispatcher import Dispatcher
from pythonosc.udp_client import DispatchClient

from bridge.harness import running

PATCH = Path(__file__).parent / "client.pd"
SCRIPT = Path(__file__).parent / "client.pl"


def needs(program, package):
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} ({package}) is not installed")


@pytest.fixture
def service(tmp_path):
    with running(tmp_path / "state") as found:
        yield found


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "Mein schöner loop.wav"
    soundfile.write(path, [0.1, -0.1] * 400, 8000)
    return path


@pytest.fixture
def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", 0))
        return holder.getsockname()[1]


class Lines:
    """What a program prints, while it prints it."""

    def __init__(self, process):
        self.seen = []
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, args=(process,))
        self._reader.start()

    def until(self, pattern, seconds=20):
        """The first line in which ``pattern`` is found."""
        with self._news:
            found = self._news.wait_for(lambda: [line for line in self.seen if re.search(pattern, line)], seconds)
        assert found, f"{pattern!r} was not printed, but: {self.seen}"
        return found[0]

    def _read(self, process):
        for line in process.stdout:
            with self._news:
                self.seen.append(line.rstrip())
                self._news.notify_all()

    def finish(self):
        self._reader.join()


@contextmanager
def printing(command):
    """The lines of a program that runs meanwhile."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8") as process:
        lines = Lines(process)
        try:
            yield lines
        finally:
            process.kill()
            lines.finish()


def in_order(words, lines):
    """Whether each of ``words`` is in some line, none before the one it follows."""
    rest = iter(lines)
    return all(any(word in line for line in rest) for word in words)


def listens(lines, say_hello):
    """Says hello until ``lines`` show a welcome: a program that has just been started may not hear yet."""
    for _ in range(50):
        say_hello()
        try:
            return lines.until("/retone/welcome", 0.2)
        except AssertionError:
            continue
    raise AssertionError(f"no welcome came: {lines.seen}")


def is_over(said, seconds=1.2):
    """Whether nothing more is said: an end that has not been received is repeated sooner than this."""
    before = len(said)
    time.sleep(seconds)
    return len(said) == before


@needs("oscdump", "liblo-tools")
@needs("oscsend", "liblo-tools")
def test_oscsend_and_oscdump_do_a_whole_job(service, clip, free_port):
    def send(address, tags, *arguments):
        to = ["oscsend", "127.0.0.1", str(service.port)]
        subprocess.run([*to, address, tags, *map(str, arguments)], check=True, timeout=10)

    with printing(["oscdump", "-L", str(free_port)]) as lines:
        listens(lines, lambda: send("/retone/hello", "sii", "liblo", 1, free_port))
        arguments = ["lo1", clip, "prompt", "strings", "strength", 0.5, "seed", 3, "reply_port", free_port]
        send("/retone/edit", "sssssfsisi", *arguments)
        done = lines.until("/retone/done ")
        send("/retone/received", "s", "lo1")
        assert is_over(lines.seen)
        heard = list(lines.seen)
    assert in_order(["/retone/ack", "/retone/progress", "/retone/result", "/retone/done"], heard)
    result = service.server._journal.find("lo1").results[0]
    assert f'sis "lo1" 1 "{result}"' in done
    assert Path(result).is_file()


@needs("pd", "puredata-core")
def test_a_patch_of_pure_data_does_a_whole_job(service, clip, free_port):
    # What its user would click: a message box, in which a space inside of one argument is written "\ ". Every number
    # leaves Pd as a float.
    path = str(clip).replace(" ", "\\ ")
    clicks = [
        f"port {service.port}",
        f"replies {free_port}",
        "hello pd 1",
        "strength 0.25",
        "strength bang",
        f"edit pd1 {path} prompt played\\ by\\ strings strength 0.5 steps 20 variations 2 reply_port {free_port}",
    ]
    command = ["pd", "-nogui", "-noaudio", "-nomidi", "-nrt", "-stderr"]
    command += [part for click in clicks for part in ("-send", click)]
    with printing([*command, str(PATCH)]) as lines:
        lines.until("answer: list retone welcome ")
        lines.until(r"answer: list retone param strength 0\.25$")
        done = lines.until("reply: list retone done pd1 2 ")
        assert is_over(lines.seen), "the patch itself answers done with received"
        heard = list(lines.seen)
    assert in_order(["ack pd1", "progress pd1", "result pd1 1", "result pd1 2", "done pd1 2"], heard)
    job = service.server._journal.find("pd1")
    assert (job.asked.prompt, job.asked.strength, job.asked.steps) == ("played by strings", 0.5, 20)
    assert done.replace("\\ ", " ").endswith(job.results[0])
    assert not [line for line in heard if "error" in line.lower()]


def test_the_client_of_python_osc_does_a_whole_job(service, clip):
    heard = []
    dispatcher = Dispatcher()
    dispatcher.map("/retone/*", lambda address, *arguments: heard.append((address, *arguments)))
    client = DispatchClient("127.0.0.1", service.port)
    client.dispatcher = dispatcher
    client.send_message("/retone/edit", ["py1", str(clip), "prompt", "strings", "strength", 0.5, "highs", False])
    end = time.monotonic() + 20
    while not any(address == "/retone/done" for address, *_ in heard) and time.monotonic() < end:
        client.handle_messages(0.2)
    client.send_message("/retone/received", "py1")
    before = len(heard)
    client.handle_messages(1.2)
    assert len(heard) == before
    addresses = [address for address, *_ in heard]
    assert in_order(["/retone/ack", "/retone/progress", "/retone/result", "/retone/done"], addresses)
    job = service.server._journal.find("py1")
    assert heard[-1] == ("/retone/done", "py1", 1, job.results[0])
    assert job.asked.highs is False
    client._sock.close()


@needs("perl", "perl")
def test_a_script_of_perl_does_a_whole_job_through_the_spool(tmp_path, clip):
    spool = tmp_path / "spool"
    with running(tmp_path / "state", spool=spool) as service:
        arguments = [spool, clip, "prompt", "played by strings", "strength", "0.5", "variations", "2"]
        with printing(["perl", SCRIPT, *map(str, arguments)]) as lines:
            done = lines.until("/retone/(done|fail) ")
            id = done.split()[1]
            (replies,) = (spool / "out").iterdir()
            time.sleep(1.2)  # an end that has not been received is repeated sooner than this
        (last,) = replies.iterdir()
        assert last.name == f"{len(lines.seen):06}.osc", "the last one read stays, and none came after it"
        assert not [*(spool / "in").iterdir()]
        job = service.server._journal.find(id)
    assert in_order([f"ack {id}", f"progress {id}", f"result {id} 1", f"result {id} 2", f"done {id} 2"], lines.seen)
    assert (job.asked.prompt, job.asked.strength, job.asked.variations) == ("played by strings", 0.5, 2)
    assert done == f"/retone/done {id} 2 {job.results[0]}"
