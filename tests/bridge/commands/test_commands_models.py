"""``retone models`` with nothing replaced but the hub, which answers on the loopback."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from engine.hub import LARGE, Hub, serving
from retone_bridge.commands import serve

NAME = "audioldm-s-full-v2"
REPOSITORY = f"cvssp/{NAME}"
WEIGHTS = "unet/diffusion_pytorch_model.safetensors"


@pytest.fixture
def home(retone, tmp_path, monkeypatch):
    """A user of one's own, with no token; gives where that user's models lie."""
    for name in ("HOME", "XDG_DATA_HOME", "HF_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    return tmp_path / "home" / "retone" / "models"


@pytest.fixture
def hub(tmp_path, monkeypatch):
    published = tmp_path / "published"
    (published / "unet").mkdir(parents=True)
    index = {"_class_name": "AudioLDMPipeline", "unet": ["diffusers", "UNet2DConditionModel"]}
    (published / "model_index.json").write_text(json.dumps(index))
    (published / WEIGHTS).write_bytes(os.urandom(100 * LARGE))
    with serving(Hub({REPOSITORY: published})) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield hub


def until(true, seconds=30):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_list_fits_a_terminal_and_says_what_may_be_done(retone, home):
    status, out, _ = retone("models")
    assert status == 0 and max(map(len, out.splitlines())) <= 100
    rows = {line.split()[0]: line for line in out.partition("\n\n")[0].splitlines()}
    assert re.search(r"here +16 kHz mono +5.1 s +\d+ MiB +MIT", rows["pocket"])
    assert re.search(r"gated +44.1 kHz stereo +47.5 s +5.3 GB +4.9 GiB +Stability AI", rows["stable-audio-open-1.0"])
    assert "sell nothing" in out and "1,000,000" in out and "retone models get NAME" in out and "no legal advice" in out


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_names_that_a_terminal_would_obey_are_shown_as_they_are(retone, home):
    (home / "red\x1b[31m\nline").mkdir(parents=True)
    (home / "red\x1b[31m\nline" / "model_index.json").write_text('{"_class_name": "AudioLDMPipeline"}')
    status, out, _ = retone("models")
    assert status == 0 and re.search(r"^red\?\[31m\?line +here", out, re.MULTILINE) and "\x1b" not in out


def test_the_list_as_json_holds_it_all(retone, home):
    status, out, _ = retone("models", "--json")
    listed = {model["name"]: model for model in json.loads(out)}
    assert status == 0 and listed["pocket"]["here"] and "piano" in listed["pocket"]["words"]
    gated = listed["stable-audio-open-1.0"]
    assert (gated["here"], gated["gated"], gated["channels"], gated["sample_rate"]) == (False, True, 2, 44100)
    assert gated["page"].endswith("/stabilityai/stable-audio-open-1.0") and gated["download_bytes"] > 5e9


def test_a_model_is_fetched_once_and_listed_then(retone, home, hub):
    status, out, err = retone("models", "get", NAME)
    assert status == 0, err
    assert out.splitlines() == [str(home / NAME), f"Use it with: --model {NAME}"]
    assert "CC BY-NC-SA 4.0" in err and "% downloading" in err
    assert not any(word in asked.user_agent for asked in hub.asked for word in ("torch", "agent/"))
    hub.asked.clear()
    status, out, _ = retone("models", "get", NAME)
    assert status == 0 and "here already" in out and not hub.asked
    assert re.search(rf"^{NAME} +here", retone("models")[1], re.MULTILINE)


def test_a_model_can_lie_on_another_disk(retone, home, hub, tmp_path, monkeypatch):
    (tmp_path / "disk").mkdir()
    monkeypatch.chdir(tmp_path / "disk")
    status, out, _ = retone("models", "get", NAME, "--to", ".")
    assert status == 0 and f"--model {tmp_path / 'disk' / NAME}" in out
    assert (tmp_path / "disk" / NAME / WEIGHTS).is_file() and not home.exists()


def test_a_model_that_lacks_something_is_not_taken_for_here(retone, home, hub):
    retone("models", "get", NAME)
    (home / NAME / WEIGHTS).unlink()
    status, out, err = retone("models", "get", NAME)
    assert (status, out) == (4, "") and "it lacks unet" in err and "away" in err
    (home / NAME).rename(home / "mine")
    assert retone("models", "get", NAME)[0] == 0


def test_what_cannot_be_fetched_is_not_put_elsewhere(retone, home, tmp_path):
    status, out, _ = retone("models", "get", "pocket", "--to", tmp_path)
    assert status == 0 and "here already" in out and not list(tmp_path.glob("pocket*"))


def test_a_gated_model_is_explained_and_an_unknown_one_lists_the_others(retone, home, hub):
    hub.gated.add(REPOSITORY)
    status, out, err = retone("models", "get", NAME)
    assert (status, out) == (2, "") and "hf auth login" in err and str(home.parent.parent / "token") in err
    status, _, err = retone("models", "get", "nightingale")
    assert status == 5 and NAME in err and "audioldm2-large" in err


def test_a_service_says_at_once_that_its_model_is_not_here(home, capsys):
    serve._look_for("audioldm2")
    assert capsys.readouterr().out.startswith("note: The model audioldm2 is not here yet")
    serve._look_for("pocket")
    assert capsys.readouterr().out == ""


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent otherwise there")
def test_ctrl_c_keeps_what_has_come_and_a_second_get_goes_on(retone, home, hub):
    hub.held[WEIGHTS] = 50 * LARGE
    command = [sys.executable, "-m", "retone_bridge.cli", "models", "get", NAME]
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", start_new_session=True
    )
    part = home / f"{NAME}.part" / f"{WEIGHTS}.part"
    until(lambda: part.is_file() and part.stat().st_size)
    os.killpg(child.pid, signal.SIGINT)  # as a terminal does
    _, err = child.communicate(timeout=30)
    assert child.returncode == 130 and f"goes on with it: retone models get {NAME}" in err and "Traceback" not in err
    had = part.stat().st_size
    assert 0 < had < 100 * LARGE and not re.search(rf"^{NAME} +here", retone("models")[1], re.MULTILINE)
    hub.held.clear()
    hub.go_on.set()
    hub.asked.clear()
    status, _, err = retone("models", "get", NAME)
    assert status == 0, err
    assert [asked.byte_range for asked in hub.asked if asked.path.startswith("/store/")] == [f"bytes={had}-"]
