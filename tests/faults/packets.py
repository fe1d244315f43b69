"""Hostile packets at the decoder and the reader behind it: nothing escapes, nothing takes long, nothing grows.

python -m faults.packets [--small] [--count N] [--service N] [--seed N] [--figures PATH]
"""

import random
import sys
import time
import tracemalloc
from contextlib import suppress
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from faults.figures import Row, main, milliseconds
from faults.fuzzed import fuzz_a_service
from faults.hostile import mutated, named, nearly_valid
from retone_bridge.osc import OscError, decode
from retone_bridge.protocol import Asking, read_request
from retone_engine.request import RetoneError

# A packet may cost this, whatever it holds: time of the processor, and memory on top of what was sent. Text may be
# held several times, as it is taken apart and at four bytes a letter; small arguments cost what Python's objects do.
DECODE_MS = 10
BYTES_PER_BYTE = 8
BYTES_BESIDE = 16 * 1024

SMALL = {"count": 100_000, "service": 20_000, "seed": 1}
LONG = {"count": 10_000_000, "service": 500_000, "seed": 2}
_BATCH = 1000


def tried(count, seed=0, progress=lambda done: None):
    """``count`` packets, the named ones first; gives what they did as figures."""
    found = {
        "packets": 0,
        "messages": 0,
        "requests": 0,
        "escapes": 0,
        "slowest_decode_ms": 0.0,
        "slowest_read_ms": 0.0,
        "most_bytes": 0,
        "most_bytes_beyond_the_bound": -BYTES_BESIDE,
        "most_bytes_per_byte_from_1_kib": 0.0,
        "escaped": [],
    }
    packets = islice(_packets(seed), count)
    while batch := list(islice(packets, _BATCH)):
        read = [_timed(packet, found) for packet in batch]
        tracemalloc.start()
        for packet in batch:
            _weigh(packet, found)
        tracemalloc.stop()
        for packet, messages in zip(batch, read, strict=True):
            for message in messages:
                _read(message, packet, found)
        found["packets"] += len(batch)
        progress(found["packets"])
    return found


def _packets(seed):
    yield from named().values()
    chance = random.Random(seed)
    while True:
        yield nearly_valid(chance)
        yield mutated(chance)


def _timed(packet, found):
    messages = ()
    try:
        took, messages = _least_ms(lambda: decode(packet), OscError)
        found["slowest_decode_ms"] = max(found["slowest_decode_ms"], took)
        found["messages"] += len(messages)
    except Exception as error:
        _escaped(packet, error, found)
    return messages


def _least_ms(do, refusal):
    """The processor's time of ``do`` in milliseconds, and what it gives, () where it refuses.

    Some kernels count a thread's time in ticks of 10 ms, and memory is collected when it must be: what seems slow is
    done again, and the shortest of five times is its own.
    """
    least, given = float("inf"), ()
    for _ in range(5):
        started = time.thread_time_ns()
        with suppress(refusal):
            given = do()
        least = min(least, (time.thread_time_ns() - started) / 1e6)
        if least < 1:
            break
    return least, given


def _weigh(packet, found):
    before, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    try:
        # Held, so that the messages count together with what was needed to make them.
        messages = decode(packet)
    except OscError:
        messages = ()
    _, peak = tracemalloc.get_traced_memory()
    del messages
    grown = peak - before
    found["most_bytes"] = max(found["most_bytes"], grown)
    beyond = grown - BYTES_PER_BYTE * len(packet) - BYTES_BESIDE
    found["most_bytes_beyond_the_bound"] = max(found["most_bytes_beyond_the_bound"], beyond)
    if len(packet) >= 1024:
        each = round(grown / len(packet), 1)
        found["most_bytes_per_byte_from_1_kib"] = max(found["most_bytes_per_byte_from_1_kib"], each)


def _read(message, packet, found):
    def asked():
        request = read_request(message)
        if isinstance(request, Asking):
            request.asked()
        return (request,)

    try:
        took, request = _least_ms(asked, RetoneError)
        found["slowest_read_ms"] = max(found["slowest_read_ms"], took)
        found["requests"] += len(request)
    except Exception as error:
        _escaped(packet, error, found)


def _escaped(packet, error, found):
    found["escapes"] += 1
    if len(found["escaped"]) < 10:
        found["escaped"].append({"packet": packet.hex(), "error": repr(error)})


def campaign(count, service, seed):
    """``count`` packets at the decoder and the reader, ``service`` packets at a live service."""
    with TemporaryDirectory(prefix="retone-faults-") as folder:
        return {"decoder": tried(count, seed, _tell), "service": fuzz_a_service(Path(folder), service, seed)}


def _tell(done):
    if done % 500_000 == 0:
        sys.stderr.write(f"{done} packets\n")


def rows(figures):
    decoder, service = figures["decoder"], figures["service"]
    bound = f"{BYTES_PER_BYTE} bytes a byte sent and {BYTES_BESIDE // 1024} KiB beside"
    kept = decoder["most_bytes_beyond_the_bound"] < 0
    return [
        Row(
            "Any bytes are messages or refused",
            "hostile packets at the decoder, and at the reader of requests what it reads",
            decoder["packets"],
            f"{decoder['escapes']} errors of any other kind",
        ),
        Row(
            "No packet takes long",
            "the processor's time of each",
            decoder["packets"],
            f"longest {decoder['slowest_decode_ms']:.2f} ms to decode, {decoder['slowest_read_ms']:.2f} ms to read",
        ),
        Row(
            "No packet takes much memory",
            f"allocations while it is decoded, against {bound}",
            decoder["packets"],
            f"most {decoder['most_bytes'] / 1024:.0f} KiB; the bound was {'kept' if kept else 'broken'}",
        ),
        Row(
            "A service goes on under hostile packets",
            "hostile packets among good requests",
            service["packets"],
            f"{service['answered']} of {service['good_requests']} good requests answered, "
            f"{milliseconds(service['time_to_an_answer'])}; {len(service['threads_gone'])} threads died, "
            f"{len(service['written_elsewhere'])} writes elsewhere, {len(service['faults_of_our_own'])} faults",
        ),
    ]


if __name__ == "__main__":
    sys.exit(main(campaign, SMALL, LONG))
