"""The command line, with an engine that follows a script: what it prints, what it leaves, how it ends."""

import argparse
import os
import resource
import signal
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import soundfile

from bridge.command_line import NO_SERVICE, run
from bridge.harness import SCRIPT
from retone_bridge.commands import settings
from retone_bridge.terminal import EXITS, STATUS
from retone_engine.request import CODES


@pytest.fixture(autouse=True)
def scripted(monkeypatch):
    for module in ("commands.work", "workers", "server"):
        monkeypatch.setattr(f"retone_bridge.{module}.engine_command", lambda *given: SCRIPT)


@pytest.fixture
def retone(capsys):
    """Runs a command; gives its exit status and what it printed."""
    return partial(run, capsys)


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_an_edit_without_a_service_lies_beside_the_clip_with_its_picture(retone, clip):
    status, out, err = retone("edit", clip, "strings", *NO_SERVICE)
    assert status == 0
    assert out.splitlines() == [str(clip.parent / "My loop-retone.wav"), str(clip.parent / "My loop-retone.png")]
    assert "reading the clip" in err and "writing" in err
    assert files(clip.parent) == ["My loop-retone.png", "My loop-retone.wav", "My loop.wav"]


def test_a_running_service_is_used(retone, service, clip):
    status, out, _ = retone("edit", clip, "count", "--port", service.port, "-o", clip.parent / "new.wav")
    assert status == 0
    assert files(clip.parent / "state" / "renders") == []
    assert {"new.wav", "new.png"} <= set(files(clip.parent))
    assert service.client().status().done == 1
    assert str(clip.parent / "new.wav") in out


@pytest.mark.parametrize("with_service", [False, True])
def test_variations_are_numbered(retone, service, clip, with_service):
    port = ("--port", service.port) if with_service else NO_SERVICE
    assert (
        retone("edit", clip, "strings", "--variations", 2, "-o", clip.parent / "new.wav", "--no-picture", *port)[0] == 0
    )
    assert [name for name in files(clip.parent) if name.startswith("new")] == ["new-1.wav", "new-2.wav"]


@pytest.mark.parametrize("with_service", [False, True])
def test_nothing_is_overwritten_unless_forced(retone, service, clip, with_service):
    port = ("--port", service.port) if with_service else NO_SERVICE
    target = clip.parent / "new.wav"
    target.write_text("precious")
    status, _, err = retone("edit", clip, "strings", "-o", target, *port)
    assert (status, "new.wav is there already" in err) == (4, True)
    assert target.read_text() == "precious"
    assert retone("edit", clip, "strings", "-o", target, "--force", *port)[0] == 0
    assert soundfile.read(target)[0].tolist() == soundfile.read(clip)[0].tolist()
    status, _, err = retone("edit", clip, "strings", "-o", clip, "--force", *port)
    assert (status, "is the clip itself" in err) == (4, True)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("edit", "{tmp}/none.wav", "strings"), 3, "There is no file"),
        (("edit", "{tmp}", "strings"), 3, "is a folder"),
        (("edit", "{clip}", ""), 2, "The prompt is empty"),
        (("edit", "{clip}", "  "), 2, "The prompt is empty"),
        (("edit", "{clip}", "strings", "--strength", "1.5"), 2, "strength is '1.5'; it takes a number from 0 to 1"),
        (("edit", "{clip}", "strings", "--strength", "much"), 2, "strength is 'much'"),
        (("edit", "{clip}", "strings", "--strength", "nan"), 2, "strength is 'nan'"),
        (("edit", "{clip}", "strings", "--set", "loudness=1"), 2, "no parameter 'loudness'"),
        (("edit", "{clip}", "strings", "--set", "strength"), 2, "has no value"),
        (("edit", "{clip}", "strings", "--set", "seed=1", "--seed", "2"), 2, "seed is given twice"),
        (("edit", "{clip}", "strings", "--loudness", "1"), 2, "unrecognized arguments"),
        (("edit", "{clip}"), 2, "The prompt is empty"),
        (("edit", "{clip}", "strings", "-o", "{tmp}/none/new.wav"), 4, "There is no folder"),
        (("edit", "{clip}", "strings", "-o", "{tmp}/new.mp3"), 2, "end it in .wav"),
        (("edit", "{clip}", "fail unknown_model"), 5, "The script says fail"),
        (("edit", "{clip}", "fail unreadable_audio"), 3, "The script says fail"),
        (("edit", "{clip}", "fail disk_full"), 4, "The script says fail"),
        (("edit", "{clip}", "crash"), 1, "the script says crash"),
        (("send", "status", "--port", "1"), 6, "retone serve"),
        (("serve", "--host", "0.0.0.0"), 2, "set RETONE_TOKEN"),
        (("serve", "--root", "{tmp}/none", "--port", "0"), 4, "There is no folder"),
        (("dance",), 2, "invalid choice"),
    ],
)
def test_a_fault_is_one_clear_line_with_its_exit_status_and_leaves_nothing(
    retone, clip, tmp_path, arguments, status, words
):
    filled = [each.format(tmp=tmp_path, clip=clip) for each in arguments]
    if filled[0] == "edit" and "--port" not in filled:
        filled += NO_SERVICE
    before = files(tmp_path)
    found, out, err = retone(*filled)
    assert found == status
    assert words in err.splitlines()[-1]
    assert out == ""
    assert "Traceback" not in err
    assert files(tmp_path) == before or files(tmp_path) == [*before, "crashed"]


def test_a_port_that_is_taken_ends_serve_with_a_sentence(retone, service, tmp_path):
    status, _, err = retone("serve", "--port", service.port, "--state", tmp_path / "other")
    assert status == 6
    assert "choose another with --port" in err


def test_every_error_code_has_an_exit_status_that_the_help_explains(retone):
    assert STATUS.keys() == CODES.keys()
    out = " ".join(retone("edit", "--help")[1].split())
    for status, (meaning, _) in EXITS.items():
        assert f"{status} {meaning}" in out


def test_send_prints_every_reply_and_ends_with_the_job(retone, service, clip):
    status, out, _ = retone("send", "/retone/edit", "r1", clip, "prompt", "strings", "--port", service.port)
    assert status == 0
    assert out.splitlines()[0] == "/retone/ack 'r1'"
    assert out.splitlines()[-1].startswith("/retone/done 'r1' 1 ")
    status, out, _ = retone("send", "directions", "r2", clip, "count", 1, "--port", service.port)
    assert status == 0
    assert any(line.startswith("/retone/direction 'r2' 1 ") for line in out.splitlines())
    assert out.splitlines()[-1].startswith("/retone/done 'r2' 2 ")
    status, out, _ = retone("send", "steer", "r3", clip, "direction", 1, "amount", -0.5, "--port", service.port)
    assert (status, out.splitlines()[-1].startswith("/retone/done 'r3' 1 ")) == (0, True)
    status, out, _ = retone("send", "steer", "r4", clip, "direction", 1, "amount", "-1,-0.5", "--port", service.port)
    assert (status, out.splitlines()[-1].startswith("/retone/done 'r4' 2 ")) == (0, True)
    status, out, _ = retone("send", "job", "r9", "--port", service.port, "--wait", "0.1")
    assert status == 2
    assert out.startswith("/retone/fail 'r9' 'unknown_job'")
    status, out, _ = retone("send", "nothing", "--port", service.port, "--wait", "0.2")
    assert (status, len(out.splitlines())) == (2, 1)
    assert "status.reply" in retone("send", "status", "--port", service.port, "--wait", "0.1")[1]


def cli_process(*arguments):
    """The command line in a process of its own, with the scripted engine."""
    code = f"""
import sys
import retone_bridge.commands.work as work
work.engine_command = lambda *given: {SCRIPT!r}
from retone_bridge.cli import main
from retone_bridge.commands import settings
sys.exit(main())
"""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("with_service", [False, True])
def test_ctrl_c_cancels_and_leaves_no_file(service, clip, with_service):
    port = ("--port", service.port) if with_service else NO_SERVICE
    process = cli_process("edit", clip, "slow", *port)
    while "inverting" not in process.stderr.readline():
        assert process.poll() is None
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert err.splitlines()[-1] == "retone: The job was cancelled."
    assert out == ""
    assert [name for name in files(clip.parent) if name.endswith("wav")] == ["My loop.wav"]


def test_help_starts_in_a_blink_without_torch():
    code = "import sys; from retone_bridge.cli import main; import retone_bridge.client; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "retone_bridge.commands.send" in modules
    heavy = {"torch", "numpy", "soundfile", "diffusers", "transformers", "sqlite3", "retone_bridge.server"}
    assert heavy.isdisjoint(modules)
    times = []  # of the processor, which a busy machine does not stretch
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "retone_bridge.cli", "--help"], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(times) < 0.4


def test_when_nobody_reads_on_it_ends_without_a_word():
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as nobody:
        run = [sys.executable, "-m", "retone_bridge.cli", "models"]
        done = subprocess.run(run, stdout=nobody, stderr=subprocess.PIPE, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (141, b"")


def test_the_demo_goes_from_a_packet_to_a_project(retone, tmp_path):
    for name in ("demo", "demo-2"):
        status, out, _ = retone("demo", "--out", tmp_path / "demo")
        assert status == 0
        folder = tmp_path / name
        assert files(folder) == ["after.wav", "before.wav", "comparison.png", "demo.rpp"]
        for file in files(folder):
            assert str(folder / file) in out
        assert "script on cpu" in out
    info = soundfile.info(folder / "before.wav")
    text = (folder / "demo.rpp").read_text()
    assert "TEMPO 96 4 4" in text
    assert f"LENGTH {info.frames / info.samplerate:g}" in text
    assert 'FILE "before.wav"' in text and 'FILE "after.wav"' in text


def test_a_demo_that_fails_leaves_no_folder(retone, tmp_path):
    status, _, err = retone("demo", "--out", tmp_path / "demo", "--prompt", "fail out_of_memory")
    assert (status, "The script says fail." in err) == (5, True)
    assert not (tmp_path / "demo").exists()


def test_the_clip_of_the_demo_comes_with_the_package():
    import retone_bridge

    info = soundfile.info(Path(retone_bridge.__file__).parent / "data" / "demo.flac")
    assert info.channels == 2


def test_the_doctor_says_what_it_found_and_that_a_port_is_taken(retone):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        status, out, _ = retone("doctor", "--port", port)
    assert status == 1
    assert f"Port {port} is held by another program" in out
    assert "torch" in out and "pocket" in out and "state folder" in out


def test_a_models_folder_reaches_the_engine_by_its_full_path(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    parser = argparse.ArgumentParser()
    settings.add_settings(parser, "edit")
    assert settings.collected(parser.parse_args(["--model", "./mine"]), "edit") == {"model": str(tmp_path / "mine")}
    for name in ("pocket", "mine", "~nobody-here/mine"):  # a word is a name, whatever lies here
        assert settings.collected(parser.parse_args(["--set", f"model={name}"]), "edit") == {"model": name}
