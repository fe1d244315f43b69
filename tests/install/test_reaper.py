"""`retone install reaper`: where REAPER is found, what it is given, and what the user is told."""

import subprocess
import sys
from pathlib import Path

import pytest

import retone_bridge
from install.conftest import tree
from retone_bridge.install import reaper
from retone_bridge.install.command import service_command
from retone_bridge.install.copying import MANIFEST
from retone_bridge.install.scripts import INSTALLED, copies, installed, lua_string, scripts
from retone_engine.request import RetoneError

SOURCE = Path(retone_bridge.__file__).parents[2] / "reaper_scripts" / "Retone"


@pytest.fixture
def resource(home):
    return made(home / ".config/REAPER")


def made(folder):
    """A resource folder of REAPER's, as far as an installer sees it."""
    (folder / "Scripts").mkdir(parents=True)
    (folder / "reaper.ini").write_text("[REAPER]\n")
    return folder


@pytest.mark.parametrize(
    ("platform", "place"),
    [
        ("win32", "AppData/REAPER"),
        ("darwin", "Library/Application Support/REAPER"),
        ("linux", ".config/REAPER"),
    ],
)
def test_reapers_folder_is_found_on_every_system(tmp_path, platform, place):
    environment = {"HOME": str(tmp_path), "APPDATA": str(tmp_path / "AppData")}
    with pytest.raises(RetoneError, match=r"No reaper\.ini was found.*--path"):
        reaper.folders(platform, environment)
    made(tmp_path / place)
    assert reaper.folders(platform, environment) == (tmp_path / place,)
    with pytest.raises(RetoneError, match="--path"):
        reaper.folders(platform, {})


def test_a_folder_that_is_found_twice_is_one(tmp_path):
    made(tmp_path / "dotfiles/REAPER")
    (tmp_path / ".config").symlink_to(tmp_path / "dotfiles")
    environment = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "dotfiles")}
    assert reaper.folders("linux", environment) == (tmp_path / "dotfiles/REAPER",)


def test_the_scripts_lie_where_reaper_looks_and_know_the_service(retone, resource):
    status, out, _ = retone("install", "reaper")
    folder = resource / "Scripts/Retone"
    assert status == 0
    for path in SOURCE.rglob("*.lua"):
        copy = folder / path.relative_to(SOURCE)
        assert copy.read_bytes() == path.read_bytes()
    assert (folder / INSTALLED).read_bytes() == installed(service_command())
    assert {Path(name).name for name, content in tree(folder).items() if content != "folder"} == {
        MANIFEST,
        INSTALLED,
        *(path.name for path in SOURCE.rglob("*.lua")),
    }
    actions = len([*SOURCE.glob("*.lua"), INSTALLED])
    assert out.startswith(
        f"REAPER's folder {resource}:\n"
        f"  new      {actions} files in {folder}\n"
        f"  new      {len(scripts()) + 1 - actions} files in {folder / 'retone'}\n\n"
    )
    assert "Load ReaScript" in out
    assert out.endswith(f"  {folder}\n")


def test_a_second_run_says_that_all_is_up_to_date(retone, resource):
    retone("install", "reaper")
    before = tree(resource)
    status, out, _ = retone("install", "reaper")
    assert status == 0
    assert f"all {len(scripts()) + 1} files are up to date" in out
    assert tree(resource) == before


def test_a_dry_run_names_every_file_and_changes_nothing(retone, resource):
    folder = resource / "Scripts/Retone"
    for options, what in (((), "new"), (("--remove",), "removed")):
        before = tree(resource)
        status, out, _ = retone("install", "reaper", *options, "--dry-run")
        assert (status, tree(resource)) == (0, before)
        assert out.startswith("Nothing is changed; this would be done:\n")
        named = [line for line in out.splitlines() if line.startswith(f"  {what:<8} ")]
        assert named == [f"  {what:<8} {folder / name}" for name in sorted([*scripts(), INSTALLED])]
        retone("install", "reaper", *options)


def test_a_file_that_is_the_only_one_of_its_folder_to_change_is_named(retone, resource):
    retone("install", "reaper")
    lost = resource / "Scripts/Retone/retone/osc.lua"
    lost.unlink()
    _, out, _ = retone("install", "reaper")
    assert f"  new      {lost}\n  {len(scripts())} more files are up to date\n" in out


def test_removing_undoes_it(retone, resource):
    (resource / "Scripts/mine.lua").write_text("mine")
    before = tree(resource)
    retone("install", "reaper")
    status, out, _ = retone("install", "reaper", "--remove")
    assert (status, tree(resource)) == (0, before)
    assert f"removed  {len([*SOURCE.glob('retone/*.lua')])} files in {resource / 'Scripts/Retone/retone'}\n" in out
    assert "nothing of Retone's is there" in retone("install", "reaper", "--remove")[1]


def test_a_changed_script_is_kept_and_the_run_is_no_success(retone, resource):
    retone("install", "reaper")
    mine = resource / "Scripts/Retone/retone/version.lua"
    mine.write_text("return {}")
    status, out, _ = retone("install", "reaper")
    assert status == 4
    assert f"kept     {mine} (" in out
    assert mine.read_text() == "return {}"
    assert retone("install", "reaper", "--remove")[0] == 0
    assert mine.read_text() == "return {}"


def test_every_reaper_that_is_named_gets_the_scripts(retone, home, resource):
    portable = made(home / "Tools/REAPER portable")
    status, out, _ = retone("install", "reaper", "--path", portable, "--path", resource, "--path", portable)
    assert status == 0
    for folder in (portable, resource):
        assert out.count(f"REAPER's folder {folder}:") == 1
        assert (folder / "Scripts/Retone" / INSTALLED).is_file()


def test_a_portable_reaper_alone_is_given_them_where_it_is_named(retone, home, resource):
    portable = made(home / "portable")
    before = tree(resource)
    assert retone("install", "reaper", "--path", portable)[0] == 0
    assert tree(resource) == before


@pytest.mark.parametrize(("name", "sentence"), [("nothing", "There is no folder"), ("music", "holds no reaper.ini")])
def test_a_path_that_is_no_reaper_says_what_to_do_and_changes_nothing(retone, home, resource, name, sentence):
    (home / "music").mkdir()
    before = tree(home)
    status, out, err = retone("install", "reaper", "--path", resource, "--path", home / name)
    assert (status, out) == (4, "")
    assert sentence in err
    assert "Show REAPER resource path" in err
    assert tree(home) == before


def test_another_copy_of_the_scripts_is_told_of(retone, resource):
    action = next((name for name in scripts() if "/" not in name), None)
    if action is None:
        pytest.fail("there are no actions")
    stale = resource / "Scripts/Retone for REAPER/Retone"
    stale.mkdir(parents=True)
    (stale / action).write_text("old")
    _, out, _ = retone("install", "reaper")
    assert f"another copy of the scripts lies in {stale}," in out
    assert out.count("another copy") == 1


def test_only_the_actions_make_a_copy(tmp_path):
    for name in ("Somebody/osc.lua", "Retone/Retone - a.lua", "Other/installed.lua", "Copy/Retone - a.lua"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    found = copies(tmp_path, tmp_path / "Retone", ["Retone - a.lua", "retone/osc.lua", INSTALLED])
    assert found == [tmp_path / "Copy"]


@pytest.mark.parametrize("lua", ["lua53", "lua54"])
@pytest.mark.parametrize(
    "word", ["/opt/my \"own\" 'python'", "C:\\new\\table\\", "/Überleitung/日本", "a\nb\t\x00\x7f1", "]]--%d"]
)
def test_lua_reads_the_command_as_it_is(lua, word):
    runtime = pytest.importorskip(f"lupa.{lua}").LuaRuntime(unpack_returned_tuples=True)
    assert runtime.execute(b"return " + lua_string(word)) == word
    table = runtime.execute(installed((word, "-m", word)))
    assert list(table.command.values()) == [word, "-m", word]
    assert table.version == retone_bridge_version()


def retone_bridge_version():
    from importlib.metadata import version

    return version("retone")


def test_the_command_starts_this_service_from_anywhere(tmp_path):
    command = service_command()
    assert Path(command[0]).is_absolute()
    done = subprocess.run([*command, "--help"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert "usage: retone serve" in done.stdout.replace("cli.py", "retone")


def test_on_windows_it_opens_no_terminal(tmp_path):
    python = tmp_path / "python.exe"
    assert service_command("win32", str(python))[0] == str(python)
    (tmp_path / "pythonw.exe").touch()
    assert service_command("win32", str(python))[0] == str(tmp_path / "pythonw.exe")
    assert service_command("linux", str(python))[0] == str(python)


@pytest.mark.parametrize("executable", ["", "/opt/a\nb/python"])
def test_a_python_without_a_plain_path_is_refused(executable):
    with pytest.raises(RetoneError, match="plain path"):
        service_command(sys.platform, executable)


def test_a_retone_without_its_scripts_says_so(tmp_path):
    with pytest.raises(RetoneError, match="install Retone again"):
        scripts((tmp_path,))
