"""The committed device is what its sources build, and holds just what its patch names."""

import pytest

import build
import bundle
from live.container import DEVICE, read


def named_by_boxes(patcher):
    """The files that the boxes of a patch load."""
    for holder in patcher["boxes"]:
        box = holder["box"]
        if box["maxclass"] == "jsui":
            yield box["filename"]
        elif box["maxclass"] == "fpic":
            yield box["pic"]
        elif box.get("text", "").startswith("js "):
            yield box["text"].split()[1]


def test_the_committed_device_is_what_its_sources_build():
    assert build.main(["--check"]) == 0, "run `make device` and commit max_for_live/Retone.amxd"


def test_building_twice_gives_the_same_bytes():
    assert build.build() == build.build()


def test_check_tells_a_device_that_is_not_what_the_sources_build(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(build, "DEVICE", tmp_path / "Retone.amxd")
    assert build.main(["--check"]) == 1
    assert build.main([]) == 0
    assert build.main(["--check"]) == 0
    build.DEVICE.write_bytes(build.DEVICE.read_bytes()[:-1] + b"\1")
    assert build.main(["--check"]) == 1
    assert "make device" in capsys.readouterr().err


def test_embedded_files_have_names_that_no_other_device_uses():
    """Max looks for a file by its name alone, and other devices have bars, lamps and logos, too."""
    assert all(entry.name.startswith("retone-") for entry in read(DEVICE.read_bytes()).entries[1:])


def test_every_file_that_a_box_names_is_embedded_and_every_embedded_one_is_named():
    device = read(DEVICE.read_bytes())
    embedded = sorted(entry.name for entry in device.entries[1:])
    assert sorted(named_by_boxes(device.patcher)) == embedded
    assert [dependency["name"] for dependency in device.patcher["dependency_cache"]] == embedded


def test_every_module_of_the_device_is_in_its_script():
    script = read(DEVICE.read_bytes()).text(build.SCRIPT)
    for path in (build.HERE / "device").glob("*.js"):
        if path.stem == bundle.MAIN:
            continue  # its way of asking is another one
        assert path.read_text(encoding="utf-8").strip() in script, f"nothing requires {path.name}"


@pytest.mark.parametrize("name", ["retone-bar.js", "retone-lamp.js", "retone-logo.svg"])
def test_displays_and_pictures_are_embedded_as_they_are(name):
    folder = "pictures" if name.endswith(".svg") else "display"
    embedded = read(DEVICE.read_bytes()).text(name)
    assert embedded == (build.HERE / folder / name).read_text(encoding="utf-8")
