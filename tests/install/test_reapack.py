"""ReaPack: the headers of the scripts, and the index that is made of them for a release."""

import re
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import make_index
import pytest
from make_index import FOLDER, NAME, PACKAGE, Package, add_release, header_of, rich_text

ROOT = Path(__file__).parents[2]
URL = "https://git.example/somebody/retone"
NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
SCRIPTS = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.lua"))


@pytest.fixture
def folder(tmp_path):
    """A package of two actions and a library file."""
    header = "-- @description Retone\n-- @author A\n-- @version 0.1.0\n-- @changelog\n--   First.\n-- @provides\n"
    (tmp_path / PACKAGE).write_text(
        header + "--   [main] Retone - *.lua\n--   [nomain] retone/*.lua\n-- @about\n--   B\n"
    )
    (tmp_path / "Retone - a.lua").touch()
    (tmp_path / "retone").mkdir()
    (tmp_path / "retone/osc.lua").touch()
    return tmp_path


def package_with(folder, version=None, provides=None):
    """The package, said otherwise."""
    text = (folder / PACKAGE).read_text()
    if version:
        text = text.replace("0.1.0", version)
    if provides is not None:
        text = re.sub(r"(?s)(@provides\n).*(-- @about)", lambda m: f"{m[1]}{provides}{m[2]}", text)
    (folder / PACKAGE).write_text(text)
    return Package.of(folder)


def read_as_reapack(index):
    """What ReaPack's reader takes from an index: version to the files it installs, with their URLs and sections.

    A source without a file is the package itself; a package without sources and an unknown type are dropped in silence.
    """
    assert (index.tag, index.get("version")) == ("index", "1")
    assert re.fullmatch(r"[^*\\:<>?/|\"\x00-\x1f.]+", index.get("name"))
    found = {}
    for category in index.findall("category"):
        for package in category.findall("reapack"):
            assert package.get("type") == "script"
            for version in package.findall("version"):
                assert re.fullmatch(r"\d+(\.\d+)*", version.get("name"))
                assert datetime.strptime(version.get("time"), "%Y-%m-%dT%H:%M:%SZ")
                assert version.get("author")
                files = found.setdefault(version.get("name"), {})
                for source in version.findall("source"):
                    name = source.get("file") or package.get("name")
                    path = PurePosixPath("Scripts", index.get("name"), category.get("name"), name)
                    assert path not in files
                    files[path] = (source.text, source.get("main"))
    return found


def test_the_package_provides_every_file_once_and_only_actions_to_the_action_list():
    files = Package.of(FOLDER).files
    assert sorted(files) == SCRIPTS
    assert {name for name, is_action in files.items() if is_action} == {name for name in SCRIPTS if "/" not in name}
    assert len(files) > 20


@pytest.mark.parametrize("name", SCRIPTS)
def test_only_the_package_is_indexed(name):
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert ("noindex" in header_of(text)) == (name != PACKAGE), "its first comment must hold a line -- @noindex"
    if "/" not in name:
        assert header_of(text)["description"].startswith("Retone: ")
        assert name.startswith("Retone - ")


def test_all_versions_are_the_projects():
    with (ROOT / "pyproject.toml").open("rb") as file:
        version = tomllib.load(file)["project"]["version"]
    assert Package.of(FOLDER).header["version"] == version
    assert f'version = "{version}"' in (FOLDER / "retone/version.lua").read_text()


def test_the_index_names_the_files_of_this_checkout():
    package = Package.of(FOLDER)
    tag = "v" + package.header["version"]
    index = add_release(None, package, URL, tag, NOW)
    (files,) = read_as_reapack(index).values()
    assert len(files) == len(SCRIPTS)
    for path, (url, section) in files.items():
        parts = urlsplit(url)
        assert f"{parts.scheme}://{parts.netloc}" == "https://git.example"
        assert re.fullmatch(r"[\w./~%-]+", parts.path)  # no space, no accent
        start, _, inside = unquote(parts.path).partition(f"/raw/{tag}/")
        assert start == "/somebody/retone"
        assert (ROOT / inside).is_file()
        assert path.parts[-1] == Path(inside).name
        assert section == (None if "retone" in path.parts else "main")


def test_reapack_and_retone_install_do_not_share_a_folder():
    """Scripts/Retone/retone and Scripts/Retone/Retone are one on systems that take letters for the same."""
    index = add_release(None, Package.of(FOLDER), URL, "v0.1.0", NOW)
    for path in read_as_reapack(index)["0.1.0"]:
        assert path.parts[1].lower() != "retone"


def test_actions_find_their_library_beside_them(folder):
    files = read_as_reapack(add_release(None, Package.of(folder), URL, "v0.1.0", NOW))["0.1.0"]
    home = PurePosixPath("Scripts", NAME, "Retone")
    assert files.keys() == {home / PACKAGE, home / "Retone - a.lua", home / "retone/osc.lua"}


def test_a_host_that_keeps_raw_files_elsewhere_gives_a_template(folder):
    index = add_release(None, Package.of(folder), "https://x.example/{tag}/-/{path}?raw", "v0.1.0", NOW)
    urls = {url for files in read_as_reapack(index).values() for url, _ in files.values()}
    assert "https://x.example/v0.1.0/-/reaper_scripts/Retone/Retone%20-%20a.lua?raw" in urls


def test_a_second_release_leaves_the_first_as_it_was(folder):
    first = add_release(None, Package.of(folder), URL, "v0.1.0", NOW)
    before = read_as_reapack(first)["0.1.0"]
    (folder / "retone/wav.lua").touch()
    (folder / "Retone - a.lua").unlink()
    both = add_release(first, package_with(folder, version="0.2.0"), URL, "v0.2.0", NOW + timedelta(days=9))
    found = read_as_reapack(both)
    assert list(found) == ["0.1.0", "0.2.0"]
    assert found["0.1.0"] == before
    assert {path.name for path in found["0.2.0"]} == {PACKAGE, "osc.lua", "wav.lua"}
    times = [version.get("time") for version in both.iter("version")]
    assert times == ["2026-03-01T12:30:00Z", "2026-03-10T12:30:00Z"]


def test_the_same_release_again_gives_the_same_file(tmp_path):
    output = tmp_path / "index.xml"
    tag = "v" + Package.of(FOLDER).header["version"]

    def made():
        command = (sys.executable, make_index.__file__, URL, tag, "-o", str(output))
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        return output.read_bytes()

    first = made()
    index = ET.fromstring(first)
    (version,) = index.iter("version")
    version.set("time", "2025-01-01T00:00:00Z")
    output.write_bytes(ET.tostring(index, encoding="utf-8", xml_declaration=True) + b"\n")
    before = output.read_bytes()
    assert made() == before
    assert before.replace(b"2025-01-01T00:00:00Z", b"T") == re.sub(rb'(?<=time=")[^"]+', b"T", first)


def test_a_tag_of_another_version_is_refused(folder, capsys):
    with pytest.raises(ValueError, match="the tag is v9"):
        add_release(None, Package.of(folder), URL, "v9", NOW)
    with pytest.raises(SystemExit):
        make_index.main([URL, "v9", "-o", str(folder / "index.xml")])
    assert "the tag is v9" in capsys.readouterr().err
    assert not (folder / "index.xml").exists()


@pytest.mark.parametrize(
    "provides",
    [
        "--   [main] Retone - a.lua\n",  # not itself
        "--   [nomain] Retone - *.lua\n",
        "--   [main] Retone - *.lua\n--   [nomain] retone/*.txt\n",
        "--   [main] Retone - *.lua\n--   [nomain] Retone - a.lua\n",
        "--   [main] Retone - *.lua\n--   [effect] retone/*.lua\n",
        "--   Retone - *.lua\n",
    ],
)
def test_what_is_not_there_or_there_twice_is_not_provided(folder, provides):
    with pytest.raises(ValueError, match="provide"):
        package_with(folder, provides=provides)


def test_a_header_ends_where_its_lines_end():
    text = (
        "-- Some: words\n-- @version 1.0\n-- @about\n--   One: two\n--\n--   Three.\n-- @noindex\n\n-- @author nobody\n"
    )
    assert header_of(text) == {"version": "1.0", "about": "One: two\n\nThree.", "noindex": ""}


def test_the_text_about_it_is_what_reapack_can_show():
    assert rich_text("A {b} \\c\nd\n\né 𝄞") == "{\\rtf1\\ansi A \\{b\\} \\\\c d\\par\\par \\u233? \\u-10188?\\u-8930?}"
    index = add_release(None, Package.of(FOLDER), URL, "v0.1.0", NOW)
    text = index.findtext("category/reapack/metadata/description")
    assert text.startswith("{\\rtf1") and text.endswith("}") and "@" not in text
