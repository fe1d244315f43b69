"""What other programs, older services and broken ones may send to a device: malformed, of no job of its, or forged."""

import math

LONG = "é x" * 3000
NUMBERS = (math.nan, math.inf, -math.inf, -1, 0, 0.5, -1e30, 1e30, 2**31 - 1)
STRANGE = (*NUMBERS, "", "808", "x", LONG, "nan", "%s%n", "\n\t")
WORDS = (
    "welcome", "status.reply", "ack", "busy", "queued", "progress", "warning", "direction", "result", "done", "fail",
    "here", "synced", "param/prompt", "toString", "hasOwnProperty", "__proto__", "", "edit", "cancel",
)  # fmt: skip


def malformed(chance, ids):
    """A message of any word with arguments of any kind, some of them the ``ids`` of jobs; (address, arguments)."""
    first = chance.choice([*ids, *STRANGE, "m000000000000", "__proto__", "constructor"])
    others = [chance.choice(STRANGE) for _ in range(chance.randrange(9))]
    return f"/retone/{chance.choice(WORDS)}", [first, *others][: chance.randrange(10)]


def of_others(chance, path):
    """What belongs to a job of another program's, with a ``path`` of another file's."""
    id = f"m{chance.randrange(16**12):012x}"
    return chance.choice((
        ("/retone/done", [id, 1, path]),
        ("/retone/result", [id, 1, path]),
        ("/retone/fail", [id, "internal", "Not yours."]),
        ("/retone/progress", [id, 0.5, "replay", 3.0]),
    ))  # fmt: skip


def forged(chance, id, path):
    """What a program that knows a job's ``id`` might say of it, with a ``path`` of another file's."""
    return chance.choice((
        ("/retone/done", [id, 1, path]),
        ("/retone/done", [id, chance.choice((0, -3, 0.5, 1e30, 2**31 - 1)), path]),
        ("/retone/result", [id, chance.choice((0, -1, 1, 2, 1.5, 1e30)), path]),
        ("/retone/fail", [id, "internal", LONG]),
        ("/retone/fail", [id]),
        ("/retone/fail", [id, "unknown_job", "No job of this id is known."]),
        ("/retone/busy", [id, chance.choice((-1e9, 0, 1e12))]),
        ("/retone/queued", [id, chance.choice((-5, 1e30, 0.5))]),
        ("/retone/progress", [id, chance.choice((-7.0, 8.5, math.nan)), LONG, chance.choice((-1e30, 1e30))]),
        ("/retone/direction", [id, chance.choice((-1, 0, 7, 1e9)), 5.0, -1, -1, -1.0, 1e30]),
        ("/retone/warning", [id, "", LONG]),
        ("/retone/welcome", ["9.9.9", 99, "", "", 0]),
    ))  # fmt: skip
