"""The node processes that tests share: what goes wrong with one is the matter of that test alone."""

import pytest

from live import node
from live.host import Live


class BrokenOff:
    """What is said of a process to somebody whose time is up."""

    def readline(self):
        raise KeyboardInterrupt

    def close(self):
        pass


def test_a_question_that_was_broken_off_is_not_answered_to_the_next_one():
    process = node.start("call.js")
    answers, process.stdout = process.stdout, BrokenOff()
    with pytest.raises(KeyboardInterrupt):
        node.ask(process, {"module": "words", "function": "time", "arguments": [7]})
    process.stdout = answers
    with pytest.raises(AssertionError, match="node ended with"):
        node.ask(process, {"module": "words", "function": "time", "arguments": [8]})
    node.stop(process)


def test_a_device_that_holds_live_up_holds_no_later_test_up():
    with pytest.raises(AssertionError, match="node ended with"), Live() as live:
        device = live.load()
        answers, live.process.stdout = live.process.stdout, BrokenOff()
        with pytest.raises(KeyboardInterrupt):
            device.run("for (;;) {}")
        live.process.stdout = answers
    assert live.process.poll() is not None
    assert node.call("words", "time", 7) == "0:07"
