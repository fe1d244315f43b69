"""Joining the device's modules: what is asked for comes first, and nothing strange comes along."""

import pytest

from bundle import bundle, required


def test_modules_come_before_those_that_ask_for_them_and_main_last():
    script = bundle(
        {
            "main": 'var a = require("./a");\nfunction bang() {}\n',
            "a": 'exports.x = require("./b").y;\n',
            "b": "exports.y = 1;\n",
        }
    )
    assert script.index("exports.y") < script.index("exports.x") < script.index("function bang")
    assert script.endswith('var a = retone_require("./a");\nfunction bang() {}\n'), "main's functions are Max's"


def test_the_name_that_max_has_itself_is_only_used_where_it_is_ours():
    script = bundle({"main": 'var a = require("./a");', "a": 'var b = require("./b");', "b": ""})
    assert script.count("function (require, exports)") == 2
    assert "function require" not in script and "= require(" not in script.split("\n")[-2]


def test_a_module_that_two_ask_for_comes_once():
    script = bundle({"main": 'require("./a"); require("./b");', "a": 'require("./b");', "b": "exports.y = 1;"})
    assert script.count("exports.y") == 1


def test_a_module_that_nobody_asks_for_stays_out():
    assert "exports.y" not in bundle({"main": "", "a": "exports.y = 1;"})


def test_the_same_modules_in_another_order_give_the_same_script():
    modules = {"main": 'require("./b"); require("./a");', "a": "1;", "b": "2;"}
    assert bundle(modules) == bundle(dict(reversed(modules.items())))


def test_a_module_that_is_not_there_is_named():
    with pytest.raises(ValueError, match=r"main\.js requires gone\.js, which is not there"):
        bundle({"main": 'require("./gone");'})


def test_a_circle_is_told_as_a_whole():
    with pytest.raises(ValueError, match="circle: main -> a -> b -> a"):
        bundle({"main": 'require("./a");', "a": 'require("./b");', "b": 'require("./a");'})


def test_a_module_that_asks_for_itself_is_a_circle():
    with pytest.raises(ValueError, match="circle: main -> a -> a"):
        bundle({"main": 'require("./a");', "a": 'require("./a");'})


def test_nobody_may_ask_for_main():
    with pytest.raises(ValueError, match="which only Max calls"):
        bundle({"main": 'require("./a");', "a": 'require("./main");'})


def test_without_main_there_is_no_device():
    with pytest.raises(ValueError, match=r"no main\.js"):
        bundle({"a": ""})


@pytest.mark.parametrize(
    "asked",
    ['"fs"', '"../secret"', '"./a/../b"', '"./a.js"', '"/etc/passwd"', "name", '"./" + name', "'./a'", "", '"./A"'],
)
def test_any_other_way_of_asking_is_refused(asked):
    with pytest.raises(ValueError, match=r"a\.js asks for require"):
        required("a", f"var x = require({asked});")


def test_asking_in_comments_does_not_count():
    source = '// require("./a")\n/* require("./b")\n */ var text = "// no comment"; require("./c");'
    assert required("x", source) == ["c"]


def test_a_method_of_that_name_is_something_else():
    assert required("x", 'thing.require("fs"); my_require("fs");') == []
