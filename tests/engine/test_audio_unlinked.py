import os

import pytest

from engine.sounds import noise
from retone_engine.audio import read, write
from retone_engine.audio.unlinked import LINKED, open_unlinked
from retone_engine.bounds import Stamp
from retone_engine.request import RetoneError

pytestmark = pytest.mark.skipif(os.open not in os.supports_dir_fd, reason="opening folder by folder is POSIX's")


@pytest.fixture
def clip(tmp_path):
    """A clip three folders deep, below a real path."""
    path = tmp_path.resolve() / "one" / "two" / "three" / "clip.wav"
    path.parent.mkdir(parents=True)
    write(path, noise(100), 48000, "")
    return path


def test_a_real_path_is_opened(clip):
    handle = open_unlinked(clip, os.O_RDONLY)
    assert os.fstat(handle).st_ino == clip.stat().st_ino
    os.close(handle)


@pytest.mark.parametrize("parts", range(4))
def test_a_link_in_any_part_of_the_path_is_not_followed(clip, parts):
    place = [clip, *clip.parents][parts]
    place.rename(place.with_name("elsewhere"))
    place.symlink_to(place.with_name("elsewhere"))
    stamp = Stamp.of(clip.stat())
    with pytest.raises(OSError) as caught:
        open_unlinked(clip, os.O_RDONLY)
    assert caught.value.errno in LINKED
    with pytest.raises(RetoneError) as refused:
        read(clip, stamp=stamp)
    assert refused.value.code == "clip_changed"
    assert read(clip).frames == 100, "without a stamp a link is as good as a path"


def test_nothing_stays_open(clip):
    before = len(os.listdir("/dev/fd"))  # noqa: PTH208
    for _ in range(10):
        os.close(open_unlinked(clip, os.O_RDONLY))
        with pytest.raises(FileNotFoundError):
            open_unlinked(clip.with_name("none"), os.O_RDONLY)
    assert len(os.listdir("/dev/fd")) == before  # noqa: PTH208
