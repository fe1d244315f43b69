"""ReaPack's index.xml for a release, from the header of the package in Retone/; earlier releases stay in it.

    python reaper_scripts/make_index.py https://HOST/OWNER/REPOSITORY v0.1.0

The repository's raw files are taken to lie under URL/raw/TAG/; where they do not, give a URL with {tag} and {path} in
it. People add the URL of index.xml itself to ReaPack.
"""

from __future__ import annotations

import argparse
import re
import struct
import sys
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

HERE = Path(__file__).parent
# ReaPack installs to Scripts/NAME/CATEGORY, apart from Scripts/Retone, where `retone install reaper` lays its own.
NAME = "Retone for REAPER"
FOLDER = HERE / "Retone"
PACKAGE = "Retone - edit selected items with a prompt.lua"
TAGS = {"description", "author", "version", "changelog", "provides", "about"}


@dataclass(frozen=True)
class Package:
    """``header``: its tags' texts; ``files``: whether each, named from its folder, is an action, by name."""

    header: Mapping[str, str]
    files: Mapping[str, bool]

    @staticmethod
    def of(folder: Path, name: str = PACKAGE) -> Package:
        """Raises ValueError on a header that lacks something or provides what is not there, or twice."""
        header = header_of((folder / name).read_text(encoding="utf-8"))
        if lacking := TAGS - header.keys():
            raise ValueError(f"{name} lacks @{', @'.join(sorted(lacking))}")
        files: dict[str, bool] = {}
        for line in header["provides"].splitlines():
            entry = re.fullmatch(r"\[(main|nomain)\] (\S.*)", line)
            found = [path.relative_to(folder).as_posix() for path in folder.glob(entry[2])] if entry else []
            if entry is None or not found or files.keys() & {*found}:
                raise ValueError(f"@provides {line}: not understood, not there, or there twice")
            files |= dict.fromkeys(sorted(found), entry[1] == "main")
        if not files.get(name):
            raise ValueError(f"{name} does not provide itself as an action")
        return Package(header, files)


def header_of(text: str) -> dict[str, str]:
    """The tags in a Lua file's first comment: ``-- @tag text``, and further lines of the text set in."""
    header: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.partition("\n\n")[0].splitlines():
        if tag := re.fullmatch(r"-- @(\w+)(?: (.*))?", line):
            lines = header.setdefault(tag[1], [tag[2]] if tag[2] else [])
        elif line == "--" or line.startswith("--  "):
            lines.append(line[2:].strip())
        else:
            lines = []
    return {tag: "\n".join(lines).strip() for tag, lines in header.items()}


def add_release(index: ET.Element | None, package: Package, url: str, tag: str, time: datetime) -> ET.Element:
    """``index``, or a new one, with the release: a release that is in it keeps its time, and all others stay.

    Raises ValueError when ``tag`` is not the package's version.
    """
    header = package.header
    if tag.removeprefix("v") != header["version"]:
        raise ValueError(f"the scripts are version {header['version']}, and the tag is {tag}")
    index = ET.Element("index", version="1", name=NAME) if index is None else index
    category = _child(index, "category", FOLDER.name)
    reapack = _child(category, "reapack", PACKAGE)
    reapack.attrib.update(type="script", desc=header["description"])
    metadata = _child(reapack, "metadata")
    _child(metadata, "description").text = rich_text(header["about"])
    version = _child(reapack, "version", header["version"])
    version.attrib["author"] = header["author"]
    version.attrib.setdefault("time", time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    version[:] = []
    _child(version, "changelog").text = header["changelog"]
    template = url if "{path}" in url else url.rstrip("/") + "/raw/{tag}/{path}"
    for name, is_action in package.files.items():
        source = ET.SubElement(version, "source")
        if name != PACKAGE:
            source.attrib["file"] = name
        if is_action:
            source.attrib["main"] = "main"
        path = quote(f"{HERE.name}/{FOLDER.name}/{name}")
        source.text = template.replace("{tag}", quote(tag)).replace("{path}", path)
    ET.indent(index)
    return index


def rich_text(text: str) -> str:
    """Paragraphs as RTF, which is all that ReaPack shows."""
    escaped = re.sub(r"[\\{}]", r"\\\g<0>", text)
    plain = re.sub(r"[^\x00-\x7f]", lambda found: "".join(f"\\u{unit}?" for unit in _utf16(found[0])), escaped)
    return "{\\rtf1\\ansi " + "\\par\\par ".join(" ".join(part.split()) for part in plain.split("\n\n")) + "}"


def _utf16(character: str) -> tuple[int, ...]:
    units = character.encode("utf-16-le")
    return struct.unpack(f"<{len(units) // 2}h", units)


def _child(parent: ET.Element, tag: str, name: str | None = None) -> ET.Element:
    for child in parent.findall(tag):
        if child.get("name") == name:
            return child
    return ET.SubElement(parent, tag, {} if name is None else {"name": name})


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", metavar="URL", help="the repository's")
    parser.add_argument("tag", metavar="TAG", help="the release's, v and the version of the scripts")
    parser.add_argument("-o", "--output", type=Path, default=HERE.parent / "index.xml", metavar="FILE")
    options = parser.parse_args(arguments)
    before = ET.parse(options.output).getroot() if options.output.exists() else None
    try:
        index = add_release(before, Package.of(FOLDER), options.url, options.tag, datetime.now(UTC))
    except ValueError as error:
        parser.error(str(error))
    options.output.write_bytes(ET.tostring(index, encoding="utf-8", xml_declaration=True) + b"\n")
    print(options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
