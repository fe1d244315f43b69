"""What every test of the bridge may ask for."""

import pytest
import soundfile

import retone_bridge.underway
from bridge.harness import running
from retone_bridge.workers import WorkerProcess


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory):
    """A home of the tests' own: what a command keeps there is not to meet what this machine's user keeps."""
    with pytest.MonkeyPatch.context() as meanwhile:
        for variable in ("HOME", "LOCALAPPDATA"):
            meanwhile.setenv(variable, str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture
def service(tmp_path):
    with running(tmp_path / "state") as found:
        yield found


@pytest.fixture
def clip(tmp_path):
    """A tenth of a second: the scripted worker does not look inside, but a picture is drawn of it."""
    path = tmp_path / "My loop.wav"
    soundfile.write(path, [0.1, -0.1] * 400, 8000)
    return path


@pytest.fixture
def impatient(monkeypatch):
    """Grace and silence in fractions of a second, so that a test need not wait."""
    monkeypatch.setitem(WorkerProcess.__init__.__kwdefaults__, "grace_seconds", 0.3)
    monkeypatch.setitem(WorkerProcess.__init__.__kwdefaults__, "silence_seconds", 1.5)
    monkeypatch.setattr(retone_bridge.underway, "REPEAT_SECONDS", 0.2)


@pytest.fixture
def brisk(monkeypatch):
    """A service that looks into the spool, and shows that it runs, more often than others do."""
    monkeypatch.setattr("retone_bridge.server.TICK_SECONDS", 0.02)
    monkeypatch.setattr("retone_bridge.spool.BEAT_SECONDS", 0.1)
