"""Names: file and folder of a path of either kind, and the address that opens a folder."""

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from live.node import call


@pytest.mark.parametrize(
    ("path", "folder", "file"),
    [
        ("/Users/me/Music/loop.wav", "/Users/me/Music", "loop.wav"),
        ("/loop.wav", "/", "loop.wav"),
        ("loop.wav", "", "loop.wav"),
        ("C:\\Users\\me\\loop.wav", "C:\\Users\\me", "loop.wav"),
        ("C:/Users/me/loop.wav", "C:/Users/me", "loop.wav"),
        ("C:\\loop.wav", "C:\\", "loop.wav"),
        ("\\\\host\\share\\a\\loop.wav", "\\\\host\\share\\a", "loop.wav"),
        ("/music/a\\b.wav", "/music", "a\\b.wav"),
    ],
)
def test_a_path_has_a_folder_and_a_file(path, folder, file):
    assert call("names", "folder", path) == folder
    assert call("names", "file", path) == file


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/Users/me/My Sets", "file:///Users/me/My%20Sets"),
        ("/music/été #1 100%?", "file:///music/%C3%A9t%C3%A9%20%231%20100%25%3F"),
        ("/", "file:///"),
        ("C:\\Users\\mé\\a b", "C:\\Users\\mé\\a b"),
        ("C:/Users/mé/a b", "C:\\Users\\mé\\a b"),
        ("C:\\", "C:\\"),
        ("\\\\nas\\share\\a b", "\\\\nas\\share\\a b"),
        ("/music/a\\b", "file:///music/a%5Cb"),
    ],
)
def test_a_folder_has_an_address_which_on_windows_is_its_path(path, address):
    assert call("names", "address", path) == address


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0\\"), min_size=1), min_size=1))
def test_an_address_means_the_folder_that_it_was_made_of(parts):
    path = "/" + "/".join(parts)
    address = urlsplit(call("names", "address", path))
    assert (address.scheme, address.netloc, unquote(address.path)) == ("file", "", path)
    assert (address.query, address.fragment) == ("", "")
