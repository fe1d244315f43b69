"""A service in a process of its own, which finds its spool in a home of the test's: to be asked, and to be killed."""

import os
import subprocess
import sys
import time
from pathlib import Path

from bridge.harness import SCRIPT
from reaper.scene import PACE, SPOOL
from retone_bridge.osc import OscError, decode

SCRIPTED = f"""
from pathlib import Path
from retone_bridge import server, spool
from retone_bridge.server import Server, Settings
server.TICK_SECONDS, spool.BEAT_SECONDS = {0.1 / PACE}, {1.0 / PACE}
Server(Settings(port=0, state=Path(%r), worker={SCRIPT!r}, spool=Path(%r))).run()
"""


class Service:
    """``home``: the HOME of service and scripts. ``scripted``: the engine is tests/bridge/scripted_worker.py."""

    def __init__(self, home, scripted=True):
        self.home, self.state, self.spool = Path(home), Path(home) / "state", Path(home) / SPOOL
        serve = ["-m", "retone_bridge.cli", "serve", "--port", "0", "--device", "cpu", "--state", str(self.state)]
        self._command = [
            sys.executable,
            *(["-c", SCRIPTED % (str(self.state), str(self.spool))] if scripted else serve),
        ]
        self._process = None

    def start(self, seconds=60):
        """Starts it and waits until its engine is there."""
        environment = {**os.environ, "HOME": str(self.home), "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(self._command, env=environment, stdout=subprocess.DEVNULL)
        end = time.monotonic() + seconds
        while not self.device:
            assert self._process.poll() is None, "the service ended"
            assert time.monotonic() < end, "the service did not start"
            time.sleep(0.02)
        return self

    @property
    def device(self):
        """Where it says that its engine computes; "" while no service of this process runs."""
        try:
            (message,) = decode((self.spool / "heartbeat.osc").read_bytes())
        except (FileNotFoundError, OscError):
            return ""
        return message.arguments[3]

    def kill(self):
        """As by kill -9."""
        self._process.kill()
        self._process.wait()
        (self.spool / "heartbeat.osc").unlink(missing_ok=True)

    def stop(self):
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            self._process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_exception):
        self.stop()
