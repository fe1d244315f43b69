"""The command line, with nothing of the user's own, and both ways of having something done."""

import pytest

from bridge.command_line import NO_SERVICE, Retone, noting
from bridge.harness import running


@pytest.fixture
def notes(tmp_path_factory):
    return tmp_path_factory.mktemp("notes") / "orders"


@pytest.fixture
def retone(notes, capsys, monkeypatch, tmp_path_factory):
    """The command line, away from the user's own journal."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.setattr("retone_bridge.commands.work.engine_command", lambda *given: noting(notes))
    return Retone(notes, capsys)


@pytest.fixture(params=["own engine", "service"])
def where(request, notes, tmp_path_factory):
    """Both ways of having something done, as options."""
    if request.param == "own engine":
        yield NO_SERVICE
        return
    with running(tmp_path_factory.mktemp("state"), worker=noting(notes)) as service:
        yield ("--port", service.port)
