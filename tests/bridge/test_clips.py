"""Where clips of a name lay: what finds the source of a result again."""

from retone_bridge.osc import fits
from retone_bridge.protocol import ClipsReply


def test_clips_of_a_name_are_found_where_they_lay(service, clip, tmp_path):
    client = service.client()
    assert client.clips("My loop.wav") == ()
    places = []
    for folder in ("old", "new"):
        places.append(tmp_path / folder / clip.name)
        places[-1].parent.mkdir()
        places[-1].write_bytes(clip.read_bytes())
    for k, path in enumerate((*places, places[0], tmp_path / clip.name)):
        assert list(client.edit(path, "strings", id=f"r{k}"))
    places[1].unlink()
    expected = (str(clip), str(places[0]), str(places[1]))
    assert client.clips("My loop.wav") == expected
    assert client.clips("loop.wav") == client.clips("My_loop.wav") == client.clips("%") == ()


def test_as_many_clips_are_told_as_a_packet_holds(service, clip, tmp_path):
    peer = service.peer()
    folder = tmp_path / ("deep" * 50)
    paths = [folder / str(k) / "loop.wav" for k in range(12)]
    for k, path in enumerate(paths):
        path.parent.mkdir(parents=True)
        path.write_bytes(clip.read_bytes())
        peer.send("edit", f"r{k}", str(path), "prompt", "strings")
        peer.until("done")
        peer.send("received", f"r{k}")
    peer.send("clips", "loop.wav")
    _, name, *told = peer.until("clips.reply")[-1]
    assert name == "loop.wav"
    newest = [str(path) for path in reversed(paths)]
    assert 0 < len(told) < len(paths) and told == newest[: len(told)]
    assert not fits(ClipsReply(name, tuple(newest[: len(told) + 1])).to_osc())
    peer.send_bytes(b"/retone/clips\0\0\0,s\0\0" + b"n" * 3000 + bytes(4))
    assert peer.next()[:3] == ("fail", "/retone/clips", "bad_request")
