"""What the service says, as the device reads it."""

import pytest

from live.node import call


def read(address, *arguments):
    return call("replies", "read", f"/retone/{address}", list(arguments))


def test_a_reply_becomes_an_event_with_names():
    assert read("progress", "m1", 0.25, "invert", 12.5) == {
        "kind": "progress",
        "job": "m1",
        "fraction": 0.25,
        "stage": "invert",
        "seconds_left": 12.5,
    }


@pytest.mark.parametrize(
    ("address", "arguments"),
    [
        ("progress", ["m1", "much", "invert", 12.5]),
        ("done", ["m1"]),
        ("done", [7, 1, "/a.wav"]),
        ("done", ["m1", 0, "/a.wav"]),
        ("done", ["m1", 1.5, "/a.wav"]),
        ("result", ["", 1, "/a.wav"]),
        ("result", ["m1", -1, "/a.wav"]),
        ("direction", ["m1", 0, 0.3, 0, 100, 20.0, 50.0]),
        ("param/strength", [0.5]),
        ("hasOwnProperty", []),
    ],
)
def test_what_is_not_as_it_should_be_is_no_event(address, arguments):
    assert read(address, *arguments) is None


def test_a_status_is_read_with_its_empty_texts_and_without_them():
    whole = read("status.reply", "", 2, 10, 1, "", "", 61, "")
    assert whole == read("status.reply", 2, 10, 1, 61)
    assert (whole["running"], whole["waiting"], whole["device"], whole["uptime_seconds"]) == ("", 2, "", 61)
    assert read("status.reply", "m1", 2, 10, 1, "cpu", "pocket", 61, "No disk.")["trouble"] == "No disk."
