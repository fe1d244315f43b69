"""A REAPER project holds what was laid on its tracks."""

import shlex

from retone_bridge.rpp import Item, Track, project


def parse(text):
    """The tree of a project: [head words, children ...]; fails when a block is not closed."""
    stack = [[]]
    for line in text.splitlines():
        plain = line.strip()
        if plain.startswith("<"):
            block = [shlex.split(plain[1:])]
            stack[-1].append(block)
            stack.append(block)
        elif plain == ">":
            stack.pop()
        else:
            stack[-1].append(shlex.split(plain))
    assert len(stack) == 1
    (tree,) = stack[0]
    return tree


def inside(block, name):
    return [each for each in block[1:] if (each[0][0] if isinstance(each[0], list) else each[0]) == name]


def test_two_tracks_hold_their_clips_at_the_same_place():
    text = project(
        [
            Track("original", (Item("original", "before.wav", 1.5, 8.25),)),
            Track("edit", (Item("strings", "after.wav", 1.5, 8.25),)),
        ],
        rate=44100,
        beats_per_minute=98.5,
    )
    tree = parse(text)
    assert tree[0][0] == "REAPER_PROJECT"
    assert inside(tree, "TEMPO") == [["TEMPO", "98.5", "4", "4"]]
    assert inside(tree, "SAMPLERATE")[0][1] == "44100"
    tracks = inside(tree, "TRACK")
    assert [inside(track, "NAME")[0][1] for track in tracks] == ["original", "edit"]
    for track, file in zip(tracks, ("before.wav", "after.wav"), strict=True):
        (item,) = inside(track, "ITEM")
        assert inside(item, "POSITION") == [["POSITION", "1.5"]]
        assert inside(item, "LENGTH") == [["LENGTH", "8.25"]]
        (source,) = inside(item, "SOURCE")
        assert source[0] == ["SOURCE", "WAVE"]
        assert inside(source, "FILE") == [["FILE", file]]


def test_names_with_quotes_and_line_ends_stay_one_name():
    assert "NAME '12\" drum'" in project([Track('12" drum', ())], rate=48000)
    assert 'NAME "two lines >"' in project([Track("two\nlines >", ())], rate=48000)
    assert "NAME `a\"b'c'd`" in project([Track("a\"b'c`d", ())], rate=48000)
