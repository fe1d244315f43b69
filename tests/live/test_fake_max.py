"""The fake's Max: the patch is played as Max plays it, scripts run as [js] does, packets go as udpsend makes them."""

import pytest

from live.host import Live
from live.patches import box, cord
from live.patches import device as small_device
from live.scene import a_set, audio_track

NOTE = 'function bang() {} function anything() { post(messagename, arrayfromargs(arguments).join(" ")); } '


def playing(tmp_path, code, *boxes, cords=(), **more):
    return Live(amxd=small_device(tmp_path / "small.amxd", code, *boxes, cords=cords), **more)


NEWER = """Map Set Promise Symbol Proxy Reflect console setTimeout globalThis Intl BigInt Uint8Array require process
    Object.assign Object.values Array.from Array.prototype.includes Array.prototype.find String.prototype.startsWith
    String.prototype.padStart String.prototype.repeat Number.isFinite Number.isInteger Math.trunc Math.sign"""


def test_scripts_have_what_es5_has_and_no_more(tmp_path):
    with playing(tmp_path, "function bang() {}") as live:
        device = live.load()
        assert device.run('typeof Array.prototype.reduceRight + typeof "".trim') == "functionfunction"
        for name in NEWER.split():
            owner, _, member = name.rpartition(".")
            assert device.run(f"typeof {owner}.{member}" if owner else f"typeof {name}") == "undefined", name


def test_what_a_script_throws_stands_in_the_console(tmp_path):
    with playing(tmp_path, "function bang() { nothing(); }") as live:
        live.expect_error("nothing is not defined")
        live.load()
        assert len(live.errors) == 1


def test_an_error_fails_the_test_unless_it_was_expected(tmp_path):
    with pytest.raises(AssertionError, match="no such thing"), playing(tmp_path, 'error("no such thing");') as live:
        live.load()


def test_an_object_that_max_does_not_have_is_an_error(tmp_path):
    with playing(tmp_path, "function bang() {}", box("odd", "nosuch 1")) as live:
        live.expect_error("nosuch: No such object")
        live.load()
        assert live.errors == ["nosuch: No such object"]


def test_cords_carry_to_what_lies_furthest_right_first_and_trigger_from_its_right(tmp_path):
    names = ["left", "right", "one", "seven", "all"]
    boxes = [box(name, f"prepend {name}", 10.0 + 10.0 * names.index(name)) for name in names]
    cords = [cord("js", "left"), cord("js", "right"), cord("js", "three", 1)]
    cords += [cord("three", name, outlet) for outlet, name in enumerate(names[2:])]
    cords += [cord(name, "js") for name in names]
    code = "outlets = 2; " + NOTE.replace("bang() {}", 'bang() { outlet(0, "x", 1); outlet(1, [2, 3]); }')
    with playing(tmp_path, code, box("three", "t b 7 l"), *boxes, cords=cords) as live:
        live.load()
        assert live.console == ["right x 1", "left x 1", "all 2 3", "seven 7", "one bang"]


def test_messages_come_to_a_script_one_after_the_other(tmp_path):
    """What a script sends to itself waits until it has ended what it does."""
    code = 'function bang() { outlet(0, "again"); post("first"); } function again() { post("then"); }'
    with playing(tmp_path, code, box("round", "t a"), cords=[cord("js", "round"), cord("round", "js")]) as live:
        live.load()
        assert live.console == ["first", "then"]


def test_numbers_and_words_find_their_functions(tmp_path):
    code = """function msg_int(n) { post("int", n); } function msg_float(x) { post("float", x); }
    function list() { post("list", arrayfromargs(arguments).length); } function word(x) { post("word", x); }
    function anything() { post(messagename); }
    function bang() {
        outlet(0, 3); outlet(0, 1.5); outlet(0, [1, "a"]); outlet(0, "word", "of two"); outlet(0, "odd");
    }"""
    with playing(tmp_path, code, box("round", "t a"), cords=[cord("js", "round"), cord("round", "js")]) as live:
        live.load()
        assert live.console == ["int 3", "float 1.5", "list 2", "word of two", "odd"]


def test_tasks_run_when_their_time_has_come_and_cancelled_ones_do_not(tmp_path):
    code = """function bang() {
        var once = new Task(function (x) { post("once", x); }, this, 5); once.schedule(100);
        var never = new Task(function () { post("never"); }); never.schedule(50); never.cancel();
        var often = new Task(function () { post("often"); }); often.interval = 200; often.repeat(2);
        post(new Date().getTime() - started);
    } var started = new Date().getTime();"""
    with playing(tmp_path, code) as live:
        live.load()
        assert live.console == ["0"]
        live.advance(0.09)
        assert live.console == ["0", "often"]
        live.advance(10)
        assert live.console == ["0", "often", "once 5", "often"]


def test_tasks_end_with_the_device(tmp_path):
    code = """function bang() { var task = new Task(function () { post("on"); }); task.interval = 100; task.repeat(); }
    function notifydeleted() { post("deleted"); }"""
    with playing(tmp_path, code) as live:
        device = live.load()
        live.advance(0.15)
        device.remove()
        live.advance(1)
        assert live.console == ["on", "on", "deleted"]


SENDS = box("send", "udpsend 127.0.0.1 9130")


@pytest.mark.parametrize(
    ("given", "comes"),
    [("3", 3), ("2.0", 2), ("0.1", 0.10000000149011612), ('"808"', 808), ('"a b"', "a b"), ('"é"', "é"), ('""', "")],
)
def test_udpsend_makes_whole_numbers_ints_and_the_others_32_bits(tmp_path, given, comes):
    with playing(
        tmp_path, f'function bang() {{ outlet(0, "/x", {given}); }}', SENDS, cords=[cord("js", "send")]
    ) as live:
        ((address, (value,)),) = live.load().sent
        assert address == "/x" and value == comes and type(value) is type(comes)


def test_a_packet_has_at_most_5096_bytes(tmp_path):
    code = 'function bang() { var x = ""; while (x.length < 5100) x += "x"; outlet(0, "/x", x); }'
    with playing(tmp_path, code, SENDS, cords=[cord("js", "send")]) as live:
        live.expect_error("more than a packet takes")
        assert live.load().sent == []
        assert len(live.errors) == 1


def test_outlets_take_words_and_numbers_alone(tmp_path):
    code = "function bang() { outlet(0, {}); outlet(0, undefined); outlet(1, 1); outlet(0, 0 / 0); }"
    with playing(tmp_path, code) as live:
        live.expect_error("outlet")
        live.load()
        assert len(live.errors) == 4


RECEIVES = [box("in", "udpreceive 9200"), cord("in", "js"), cord("js", "in")]


def test_a_taken_port_is_deaf_and_one_that_was_moved_hears(tmp_path):
    code = NOTE + 'function move() { outlet(0, "port", 9201); }'
    with playing(tmp_path, code, RECEIVES[0], cords=RECEIVES[1:]) as live:
        live.take_port(9200)
        device = live.load()
        assert device.port is None and "Error binding" in live.console[0]
        device.run("move()")
        assert device.port == 9201
        device.hear("/heard", "a b", 1, 0.5, "808")
        assert live.console[-1] == "/heard a b 1 0.5 808"


def test_a_deleted_device_keeps_its_port(tmp_path):
    with playing(tmp_path, NOTE, RECEIVES[0], cords=RECEIVES[1:]) as live:
        first, second = live.load(), live.load()
        assert (first.port, second.port) == (9200, None)
        first.remove()
        assert live.load().port is None


def test_who_clicks_in_the_device_selects_it(tmp_path, wav):
    switch = {"id": "sw", "maxclass": "live.text", "mode": 1, "numinlets": 1, "patching_rect": [0, 0, 9, 9]}
    named = {"parameter_longname": "Switch", "parameter_type": 2, "parameter_enum": ["off", "on"]}
    switch["saved_attribute_attributes"] = {"valueof": named}
    with playing(
        tmp_path, NOTE, switch, cords=[cord("sw", "js")], set=a_set(audio_track("A"), audio_track("B"))
    ) as live:
        device = live.load(track="live_set tracks 1")
        live.select("live_set tracks 0")
        device.control("Switch")
        assert live.get("live_set view", "selected_track") == "live_set tracks 0"
        device.press("Switch")
        assert live.get("live_set view", "selected_track") == "live_set tracks 1"
        assert live.get("live_set view", "detail_clip") is None
