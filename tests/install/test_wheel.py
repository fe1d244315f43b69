"""What people install with pip holds all of Retone, the REAPER scripts and the Live device too."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from install.conftest import tree

ROOT = Path(__file__).parents[2]
PACKAGES = (ROOT / "engine/retone_engine", ROOT / "bridge/retone_bridge")
SCRIPTS = ROOT / "reaper_scripts/Retone"
DEVICE = ROOT / "max_for_live/Retone.amxd"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel of this checkout, unpacked."""
    pytest.importorskip("hatchling", reason="needs hatchling (pip install hatchling)")
    folder = tmp_path_factory.mktemp("wheel")
    build = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_it_holds_both_packages_whole_the_scripts_and_the_device_and_nothing_else(wheel):
    expected = {}
    for package in PACKAGES:
        expected |= {f"{package.name}/{name}": content for name, content in contents(package).items()}
    expected |= {f"retone_bridge/data/reaper/{name}": content for name, content in contents(SCRIPTS).items()}
    expected["retone_bridge/data/live/Retone.amxd"] = DEVICE.read_bytes()
    found = {name: content for name, content in contents(wheel).items() if ".dist-info/" not in name}
    assert found.keys() == expected.keys()
    assert [name for name in expected if found[name] != expected[name]] == []


def installed(wheel, home, *words):
    """What `retone install` of the unpacked wheel prints."""
    command = (sys.executable, "-m", "retone_bridge.cli", "install", *words, "--path", str(home))
    environment = {"PYTHONPATH": str(wheel), "HOME": str(home)}
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_an_installed_retone_gives_reaper_its_scripts(wheel, home):
    (home / "reaper.ini").touch()
    only_here = wheel / "retone_bridge/data/reaper/Retone - only here.lua"  # so that it is not the checkout's
    only_here.write_text("return 1")
    installed(wheel, home, "reaper")
    there = contents(home / "Scripts/Retone")
    assert {name: there[name] for name in contents(SCRIPTS)} == contents(SCRIPTS)
    assert there[only_here.name] == b"return 1"
    assert {name.split("/")[0] for name in tree(home)} == {"Scripts", "reaper.ini"}


def test_an_installed_retone_gives_live_its_device(wheel, home):
    ours = wheel / "retone_bridge/data/live/Retone.amxd"
    ours.write_bytes(b"only here")  # so that it is not the checkout's
    installed(wheel, home, "live")
    assert (home / "Presets/Audio Effects/Max Audio Effect/Retone.amxd").read_bytes() == b"only here"
