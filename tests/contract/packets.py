"""Packets as other programs write them, to the byte: what Python, Lua and JavaScript must all read and write.

``python -m contract.packets`` (from ``tests``) writes packets/*.json anew. The bytes are liblo's, so that no codec of
ours is its own judge. A blob stands as hex.
"""

import ctypes
import ctypes.util
import json
from pathlib import Path

FOLDER = Path(__file__).parent / "packets"

# What the sealed packet among the requests was sealed with.
TOKEN, NONCE = "the token of golden packets", "00112233445566778899aabbccddeeff"

# (name, address, type tags, arguments)
REQUESTS = [
    ("hello", "/retone/hello", "si", ["reaper", 1]),
    ("hello with a reply port", "/retone/hello", "sii", ["touchosc", 1, 9131]),
    ("hello of the Live device", "/retone/hello", "sii", ["live", 1, 9131]),
    ("version", "/retone/version", "", []),
    ("status", "/retone/status", "", []),
    ("status with a reply port", "/retone/status", "i", [9131]),
    ("sync", "/retone/sync", "i", [42]),
    ("notify", "/retone/notify", "i", [1]),
    ("notify as a float", "/retone/notify", "f", [1.0]),
    ("quit", "/retone/quit", "", []),
    ("edit", "/retone/edit", "sssssfsi", ["r1", "/music/loop.wav", "prompt", "played by a string quartet",
     "strength", 0.5, "seed", 7]),
    ("edit of a region", "/retone/edit", "sssssisi", ["r-2_b", "/music/loop.wav", "prompt", "strings",
     "region_start", 44100, "region_frames", 88200]),
    ("edit with accents", "/retone/edit", "ssss", ["r3", "/musique/été/ünï.wav", "prompt", "violon doux, très lent"]),
    ("edit with a reply port", "/retone/edit", "sssssi", ["r4", "/a.wav", "prompt", "808", "reply_port", 9131]),
    ("edit into a set's folder", "/retone/edit", "ssssssss", ["r11", "/music/loop.wav", "prompt", "strings",
     "output_folder", "/music/A song Project", "output_subfolder", "Samples/Processed/Retone"]),
    ("edit of the Live device", "/retone/edit", "sssssfsfsisisssisisssssi", ["m0123456789ab",
     "/Users/mé/A song Project/Loop 1.wav", "prompt", "played by a string quartet", "strength", 0.75,
     "guidance_scale", 2.5, "seed", 7, "variations", 2, "model", "pocket", "region_start", 44100,
     "region_frames", 88200, "output_folder", "/Users/mé/A song Project",
     "output_subfolder", "Samples/Processed/Retone", "reply_port", 9131]),
    ("edit of the Live device at auto", "/retone/edit", "sssisisisisisi", ["m0123456789ab", "/music/loop.wav",
     "prompt", 808, "seed", 0, "variations", 1, "region_start", 0, "region_frames", 176400, "reply_port", 9131]),
    ("edit in segments", "/retone/edit", "ssss", ["r5", "/music/loop.wav", "segments",
     "0-2.5 piano | 2.5- strings strength=0.5"]),
    ("directions", "/retone/directions", "ss", ["r6", "/music/loop.wav"]),
    ("directions with settings", "/retone/directions", "sssisfsisi", ["r7", "/music/loop.wav", "count", 4,
     "noise_level", 0.5, "each_step", 0, "reply_port", 9131]),
    ("directions of the Live device", "/retone/directions", "sssisfsisisisi", ["m0123456789ab", "/music/loop.wav",
     "count", 4, "noise_level", 0.5, "seed", 0, "region_start", 0, "region_frames", 176400, "reply_port", 9131]),
    ("steer of the Live device", "/retone/steer", "sssisfsisisisfsisisisi", ["m0123456789ab", "/music/loop.wav",
     "direction", 1, "amount", -0.5, "direction", 3, "amount", 1, "count", 4, "noise_level", 0.5, "seed", 0,
     "region_start", 0, "region_frames", 176400, "reply_port", 9131]),
    ("steer", "/retone/steer", "sssisf", ["r8", "/music/loop.wav", "direction", 1, "amount", -0.5]),
    ("steer along two", "/retone/steer", "sssisfsisfsi", ["r9", "/music/loop.wav", "direction", 1, "amount", 0.5,
     "direction", 3, "amount", -1.0, "seed", 7]),
    ("steer to several results", "/retone/steer", "sssisssf", ["r10", "/music/loop.wav", "direction", 2,
     "amount", "-1,-0.5,1", "strength_end", 0.25]),
    ("cancel", "/retone/cancel", "s", ["r1"]),
    ("cancel with a reply port", "/retone/cancel", "si", ["r1", 9131]),
    ("job", "/retone/job", "s", ["r1"]),
    ("job with a reply port", "/retone/job", "si", ["r1", 9131]),
    ("received", "/retone/received", "s", ["r1"]),
    ("clips", "/retone/clips", "s", ["ünï loop.wav"]),
    ("presets", "/retone/preset/list", "", []),
    ("more presets", "/retone/preset/list", "s", ["bright"]),
    ("a preset", "/retone/preset/load", "s", ["Große Halle"]),
    ("a preset to keep", "/retone/preset/save", "sisssfsssisi", ["Große Halle", 0, "prompt", "a church organ",
     "strength", 0.5, "steps", "auto", "variations", 2, "highs", 1]),
    ("a preset to replace", "/retone/preset/save", "siss", ["bright", 1, "prompt", "bells"]),
    ("a preset to forget", "/retone/preset/delete", "s", ["bright"]),
    ("a held number", "/retone/param/strength", "f", [0.25]),
    ("a held text", "/retone/param/prompt", "s", ["bowed strings"]),
    ("a held double", "/retone/param/guidance_scale", "d", [3.5]),
    ("a held value asked for", "/retone/param/strength", "", []),
    ("a held amount", "/retone/param/amount", "f", [-0.25]),
    ("an action", "/retone/action/edit", "f", [1.0]),
    ("another action", "/retone/action/steer", "f", [1.0]),
    ("challenge", "/retone/challenge", "", []),
    ("sealed status", "/retone/sealed", "isb", [7,
     "12c6f073c56161f4c2e52e3c110eb53e2f6d6c8663068874f77c0e2d22524a95",
     "2f7265746f6e652f73746174757300002c000000"]),
]  # fmt: skip
REPLIES = [
    ("welcome", "/retone/welcome", "sissi", ["0.1.0", 1, "cpu", "pocket", 3600]),
    ("version", "/retone/version.reply", "ssi", ["retone", "0.1.0", 1]),
    ("status", "/retone/status.reply", "siiissis", ["r1", 2, 10, 1, "cpu", "pocket", 3601, ""]),
    ("status in trouble", "/retone/status.reply", "siiissis", ["", 2, 10, 1, "", "", 61,
     "The device 'cuda' is not here."]),
    ("synced", "/retone/synced", "i", [42]),
    ("ack", "/retone/ack", "s", ["r1"]),
    ("busy", "/retone/busy", "si", ["r1", 2000]),
    ("queued", "/retone/queued", "si", ["r1", 3]),
    ("progress", "/retone/progress", "sfsf", ["r1", 0.25, "invert", 12.5]),
    ("progress without an estimate", "/retone/progress", "sfsf", ["r1", 0.0, "load", -1.0]),
    ("warning", "/retone/warning", "sss", ["r1", "mono", "The clip's stereo image could not be kept."]),
    ("direction", "/retone/direction", "sifiiff", ["r6", 1, 0.125, 44100, 88200, 125.0,
     2000.0]),
    ("result", "/retone/result", "sis", ["r1", 1, "/music/loop-r1.wav"]),
    ("done", "/retone/done", "sis", ["r1", 1, "/music/loop-r1.wav"]),
    ("fail", "/retone/fail", "sss", ["r1", "no_such_file", "There is no file /music/ünï.wav; check the path."]),
    ("clips", "/retone/clips.reply", "sss", ["loop.wav", "/music/loop.wav", "/músicá/old/loop.wav"]),
    ("no clips", "/retone/clips.reply", "s", ["loop.wav"]),
    ("presets", "/retone/preset/list.reply", "iss", [2, "Große Halle", "bright"]),
    ("no presets", "/retone/preset/list.reply", "i", [0]),
    ("a preset", "/retone/preset/load.reply", "ssssfsssi", ["Große Halle", "prompt", "a church organ", "strength", 0.5,
     "steps", "auto", "highs", 1]),
    ("an empty preset", "/retone/preset/load.reply", "s", ["plain"]),
    ("a preset was kept", "/retone/ack", "s", ["/retone/preset/save"]),
    ("no preset", "/retone/fail", "sss", ["/retone/preset/load", "unknown_preset", "There is no preset 'x'."]),
    ("challenged", "/retone/challenged", "s", ["00112233445566778899aabbccddeeff"]),
    ("heartbeat", "/retone/heartbeat", "ssisss", ["1750000000", "0.1.0", 1, "cpu", "pocket", ""]),
    ("heartbeat in trouble", "/retone/heartbeat", "ssisss", ["1750000000", "0.1.0", 1, "", "",
     "The device 'cuda' is not here."]),
    ("a held value", "/retone/param/strength", "f", [0.25]),
    ("a held switch", "/retone/param/highs", "i", [1]),
    ("a held auto", "/retone/param/steps", "s", ["auto"]),
]  # fmt: skip


def plain(tags, arguments):
    """The arguments as Python holds them: blobs as bytes."""
    return tuple(bytes.fromhex(one) if tag == "b" else one for tag, one in zip(tags, arguments, strict=True))


def liblo():
    """The C library, or None where it is not installed; ``oscsend`` comes with it, but sends no blobs."""
    name = ctypes.util.find_library("lo")
    if name is None:
        return None
    library = ctypes.CDLL(name)
    for function in ("lo_message_new", "lo_blob_new", "lo_message_serialise"):
        getattr(library, function).restype = ctypes.c_void_p
    return library


def by_liblo(address, tags, arguments):
    """The bytes that liblo makes of this message."""
    lo = liblo()
    message = ctypes.c_void_p(lo.lo_message_new())
    for tag, value in zip(tags, plain(tags, arguments), strict=True):
        match tag:
            case "i":
                lo.lo_message_add_int32(message, ctypes.c_int32(value))
            case "f":
                lo.lo_message_add_float(message, ctypes.c_float(value))
            case "d":
                lo.lo_message_add_double(message, ctypes.c_double(value))
            case "s":
                lo.lo_message_add_string(message, value.encode())
            case "b":
                lo.lo_message_add_blob(message, ctypes.c_void_p(lo.lo_blob_new(ctypes.c_int32(len(value)), value)))
    size = ctypes.c_size_t(65536)
    data = ctypes.create_string_buffer(size.value)
    lo.lo_message_serialise(message, address.encode(), data, ctypes.byref(size))
    return data.raw[: size.value]


def write():
    for name, rows in (("requests", REQUESTS), ("replies", REPLIES)):
        packets = [
            {
                "name": row[0],
                "address": row[1],
                "tags": row[2],
                "arguments": row[3],
                "hex": by_liblo(*row[1:]).hex(),
            }
            for row in rows
        ]
        text = json.dumps(packets, indent=1, ensure_ascii=False) + "\n"
        (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")


def kept(name):
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


if __name__ == "__main__":
    write()
