"""Files that are none, that lie or that change meanwhile, at a live service with the real engine."""

import os
import sys
import threading

import pytest

from faults import strange_files as make
from faults.bad_files import SMALL, bench, without_root, wrong
from faults.hostile import message, text
from faults.strange_cases import CASES, DONE, NO_TEXT, Case
from faults.swaps import at_the_doors, swapped

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="its pipes, devices and exchanged names are Linux's")


@pytest.fixture(scope="module")
def on(tmp_path_factory):
    with bench(tmp_path_factory.mktemp("service")) as found:
        found.warm()
        yield found
        assert found.warm().code == "done", "the service lives"


@pytest.mark.parametrize("name", CASES)
def test_what_is_asked_for_is_done_or_refused_by_its_code_at_once(on, name):
    if CASES[name].needs_permissions and without_root() is None:
        pytest.skip("root may read and write anything, and setpriv (util-linux) cannot forbid it here")
    assert wrong(CASES[name], on.judge(CASES[name])) == ""


@pytest.mark.parametrize("name", NO_TEXT)
def test_a_place_whose_name_is_no_text_is_refused_before_it_is_kept(tmp_path, name):
    with bench(tmp_path) as own:
        assert wrong(NO_TEXT[name], own.judge(NO_TEXT[name])) == ""


@pytest.mark.parametrize(
    ("tags", "path", "answer"),
    [
        ("sbss", b"\0\0\0\x08/a\0b.wav", "bad_request"),  # a zero inside comes only in a blob, which is no text
        ("ssss", b"/a\0b.wav\0\0\0", None),  # a string ends at a zero, so that the rest belongs to nothing
        ("ssss", text(b"/caf\xe9.wav"), None),  # Latin-1
        ("ssss", text(b"/\xed\xa0\x80.wav"), None),
    ],
)
def test_a_path_that_is_no_text_is_refused_or_no_message_at_all(on, tags, path, answer):
    peer = on.service.peer()
    peer.send_bytes(message(tags, text(b"raw1") + path + text(b"prompt") + text(b"organ"), b"/retone/edit"))
    peer.send("sync", 1)
    heard = peer.until("synced")
    assert [code for word, *_, code, _ in heard[:-1] if word == "fail"] == ([answer] if answer else [])


def test_a_name_that_is_taken_is_never_overwritten(on):
    taken = {}

    def clip_and_taken_name(folder):
        taken["path"] = folder / f"clip-{folder.name}.wav"
        taken["path"].write_bytes(b"mine")
        return make.sound(folder)

    case = Case(clip_and_taken_name, ("output_exists",), lambda folder: {"output_folder": str(folder)})
    assert wrong(case, on.judge(case)) == ""
    assert taken["path"].read_bytes() == b"mine"


def test_a_clip_that_grows_all_the_time_is_done_or_refused_as_changed(on):
    """A recorder that writes on and on: whatever is read at whatever moment, there is an end of it."""
    over = threading.Event()

    def growing(folder):
        path = make.data(folder, make.riff(claimed=2**32 - 64))

        def grow():
            with open(path, "ab", buffering=0) as file:  # noqa: PTH123
                while not over.wait(0.001):
                    file.write(os.urandom(400))

        threading.Thread(target=grow).start()
        return path

    try:
        for _ in range(5):
            case = Case(growing, (*DONE, "clip_changed"))
            assert wrong(case, on.judge(case)) == ""
    finally:
        over.set()


def test_no_link_that_is_laid_while_jobs_run_leads_out_of_the_roots(on):
    found = swapped(on, SMALL["swaps"])
    assert found["jobs"] == SMALL["swaps"] == 200
    assert found["done"] > 0, "some job must get through, else nothing was tried"
    assert found["refused"] > 0
    assert found["other_ends"] == {}
    assert (found["read_outside"], found["written_outside"]) == (0, 0)


def test_no_link_that_is_laid_between_two_looks_leads_out_of_the_roots(tmp_path):
    found = at_the_doors(tmp_path, SMALL["looks"])
    assert found["done"] > 0
    assert found["refused"] > 0
    assert found["other_ends"] == {}
    assert (found["read_outside"], found["written_outside"]) == (0, 0)
