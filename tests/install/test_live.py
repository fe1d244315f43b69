"""`retone install live`: where Live's User Library is found, what is put there, and what the user is told."""

import sys

import pytest

from install.conftest import tree
from retone_bridge.install import live
from retone_bridge.install.live import DEVICE, INNER, NOTE
from retone_engine.request import RetoneError

MACS, WINDOWS = "Library/Preferences/Ableton/{}/Library.cfg", "AppData/Ableton/{}/Preferences/Library.cfg"
EACH_SYSTEM = pytest.mark.parametrize(
    ("platform", "place", "usual"),
    [("darwin", MACS, "Music/Ableton/User Library"), ("win32", WINDOWS, "Documents/Ableton/User Library")],
)


@pytest.fixture
def environment(home):
    return {"HOME": str(home), "USERPROFILE": str(home), "APPDATA": str(home / "AppData")}


@pytest.fixture
def device(tmp_path, monkeypatch):
    """A device of the test's own; it may be changed, as by a newer Retone."""
    path = tmp_path / "device" / DEVICE
    path.parent.mkdir()
    path.write_bytes(b"ampf, the first one")
    monkeypatch.setattr(live, "device", path.read_bytes)
    return path


@pytest.fixture
def library(home, monkeypatch, device):
    """As on a Mac."""
    monkeypatch.setattr(sys, "platform", "darwin")
    folder = home / "Music/Ableton/User Library"
    (folder / "Presets/Audio Effects").mkdir(parents=True)
    return folder


def library_cfg(path, folder, name="User Library", before=""):
    """Live's own configuration as far as it tells of its library ``folder``/``name``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    escaped = str(folder).replace("&", "&amp;")
    path.write_text(
        f'<?xml version="1.0" encoding="UTF-8"?>\n{before}'
        '<Ableton MajorVersion="5" MinorVersion="12.0_12300" Creator="Ableton Live 12.3">\n\t<ContentLibrary>\n'
        '\t\t<UserFolderInfoList>\n\t\t\t<ProjectPath Value="/somewhere" />\n\t\t</UserFolderInfoList>\n'
        '\t\t<UserLibrary>\n\t\t\t<LibraryProject Id="0">\n\t\t\t\t<ProjectLocation />\n'
        f'\t\t\t\t<ProjectName Value="{name}" />\n\t\t\t\t<ProjectPath Value="{escaped}" />\n'
        "\t\t\t</LibraryProject>\n\t\t</UserLibrary>\n\t</ContentLibrary>\n</Ableton>\n",
        encoding="utf-8",
    )
    return path


@EACH_SYSTEM
def test_the_library_is_the_one_that_the_newest_live_names(home, environment, platform, place, usual):
    (home / usual).mkdir(parents=True)
    for version in ("Live 9.7.7", "Live 12.2", "Live 12.10b3", "Live 12.10", "Live Reports", "Live 12.9.1"):
        own = home / f"Big & grün/{version}"
        (own / "User Library").mkdir(parents=True)
        path = library_cfg(home / place.format(version), own)
        if version == "Live 12.10":
            newest = path
    found = live.found(platform, environment)
    assert found.folder == home / "Big & grün/Live 12.10/User Library"
    assert found.why == f"as {newest} says"


@EACH_SYSTEM
def test_else_the_usual_place_is_taken(home, environment, platform, place, usual):
    with pytest.raises(RetoneError, match=r"No User Library .*Start Live once, or name it with --path"):
        live.found(platform, environment)
    (home / usual).mkdir(parents=True)
    assert live.found(platform, environment) == live.Library(home / usual, "its usual place")
    with pytest.raises(RetoneError, match="--path"):
        live.found(platform, {})


def test_documents_that_lie_in_the_cloud_are_found_on_windows(home):
    (home / "OneDrive/Documents/Ableton/User Library").mkdir(parents=True)
    environment = {"USERPROFILE": str(home), "OneDrive": str(home / "OneDrive")}
    assert live.found("win32", environment).folder == home / "OneDrive/Documents/Ableton/User Library"


def broken(path, what):
    match what:
        case "a library that has gone":
            library_cfg(path, path.parent / "gone")
        case "no library":
            path.write_text("<Ableton><ContentLibrary><UserLibrary /></ContentLibrary></Ableton>")
        case "half a file":
            path.write_text(library_cfg(path, path.parent).read_text()[:-100])
        case "a relative path":
            library_cfg(path, "Ableton")
        case "too long a file":
            path.write_text(library_cfg(path, path.parents[1] / "trap").read_text() + "\n" * (4 << 20))
        case "an entity":
            library_cfg(path, path.parents[1] / "trap", "&x;", '<!DOCTYPE a [<!ENTITY x "User Library">]>')
        case "a path too long for any disk":
            library_cfg(path, "/" + "x" * 5000)
        case "an unknown encoding":
            path.write_text(library_cfg(path, path.parents[1] / "trap").read_text().replace("UTF-8", "x-nobody"))
        case "no xml":
            path.write_bytes(b"\xff\x00" * 100)


@pytest.mark.parametrize(
    "what",
    [
        "a library that has gone",
        "no library",
        "half a file",
        "a relative path",
        "too long a file",
        "an entity",
        "a path too long for any disk",
        "an unknown encoding",
        "no xml",
    ],
)
def test_a_configuration_that_tells_nothing_is_passed_over(home, environment, what):
    (home / "older/User Library").mkdir(parents=True)
    library_cfg(home / MACS.format("Live 11.3.43"), home / "older")
    newer = home / MACS.format("Live 12.3")
    newer.parent.mkdir(parents=True)
    (newer.parents[1] / "trap/User Library").mkdir(parents=True)
    broken(newer, what)
    assert live.found("darwin", environment).folder == home / "older/User Library"


def test_the_device_lies_where_live_shows_it_and_the_user_is_told_what_is_needed(retone, library, device):
    status, out, _ = retone("install", "live")
    path = library / INNER / DEVICE
    assert status == 0
    assert path.read_bytes() == device.read_bytes()
    assert {name for name in tree(library) if tree(library)[name] != "folder"} == {
        f"{INNER}/{DEVICE}",
        f"{INNER}/{NOTE}",
    }
    assert out.startswith(f"Live's User Library {library} (its usual place):\n  new      {path}\n\n")
    for words in ("User Library > Presets > Audio Effects > Max Audio Effect", "Live Suite", "12.0.5", "retone serve"):
        assert words in out
    status, out, _ = retone("install", "live")
    assert (status, f"{DEVICE} is up to date" in out) == (0, True)


def test_a_newer_device_takes_the_place_of_the_older_one(retone, library, device):
    retone("install", "live")
    device.write_bytes(b"ampf, the second one")
    status, out, _ = retone("install", "live")
    assert (status, f"updated  {library / INNER / DEVICE}\n" in out) == (0, True)
    assert (library / INNER / DEVICE).read_bytes() == b"ampf, the second one"


def test_a_device_that_the_user_changed_is_kept_and_the_run_is_no_success(retone, library, device):
    retone("install", "live")
    mine = library / INNER / DEVICE
    mine.write_bytes(b"ampf, saved in Max")
    for more, status in ((), 4), (("--remove",), 0):
        found, out, _ = retone("install", "live", *more)
        assert (found, f"kept     {mine} (" in out) == (status, True)
        assert mine.read_bytes() == b"ampf, saved in Max"


def test_removing_undoes_it_and_lets_the_users_own_be(retone, library):
    (library / INNER).mkdir()
    (library / INNER / "Mine.amxd").write_bytes(b"mine")
    (library / INNER / "installed.json").write_bytes(b"another's")
    before = tree(library)
    retone("install", "live")
    status, out, _ = retone("install", "live", "--remove")
    assert (status, tree(library)) == (0, before)
    assert f"removed  {library / INNER / DEVICE}\n" in out
    assert "shown as missing" in out
    assert "nothing of Retone's is there" in retone("install", "live", "--remove")[1]


def test_a_dry_run_changes_nothing(retone, library):
    for options, what in (((), "new"), (("--remove",), "removed")):
        before = tree(library)
        status, out, _ = retone("install", "live", *options, "--dry-run")
        assert (status, tree(library)) == (0, before)
        assert out.startswith("Nothing is changed; this would be done:\n")
        assert f"  {what:<8} {library / INNER / DEVICE}\n" in out
        retone("install", "live", *options)


def test_a_users_link_to_where_the_library_really_lies_is_followed(retone, home, library):
    (home / "disk").mkdir()
    (library / INNER).symlink_to(home / "disk")
    assert retone("install", "live")[0] == 0
    assert (home / "disk" / DEVICE).is_file()


def test_a_library_that_is_named_is_taken_on_every_system(retone, home, library, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    status, _, err = retone("install", "live")
    assert status == 4
    assert "Live runs on Windows and macOS" in err and "--path DIR" in err
    (home / "a disk").mkdir()
    assert retone("install", "live", "--path", home / "a disk")[0] == 0
    assert (home / "a disk" / INNER / DEVICE).is_file()
    assert not (library / INNER / DEVICE).exists()


@pytest.mark.parametrize(
    ("name", "sentence"), [("nothing", "There is no folder"), ("Music/Ableton", "holds the User Library and is not it")]
)
def test_a_path_that_is_no_library_says_what_to_do_and_changes_nothing(retone, home, library, name, sentence):
    before = tree(home)
    status, out, err = retone("install", "live", "--path", home / name)
    assert (status, out, tree(home)) == (4, "", before)
    assert sentence in err


def test_a_path_of_somebody_who_is_not_here_is_no_folder(retone):
    status, _, err = retone("install", "live", "--path", "~nobody-here/Library")
    assert (status, "There is no folder ~nobody-here/Library" in err) == (4, True)


def test_a_checkout_brings_its_device_and_a_retone_without_one_says_so(tmp_path):
    assert live.device()[:4] == b"ampf"
    with pytest.raises(RetoneError, match="install Retone again"):
        live.device((tmp_path,))


def test_the_help_tells_of_it(retone):
    out = retone("install", "--help")[1]
    assert "the device, into Live's User Library" in " ".join(out.split())
