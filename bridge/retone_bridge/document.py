"""PROTOCOL.md, made from the tables; ``python -m retone_bridge.document`` prints it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, fields
from typing import get_type_hints

from retone_bridge.askers import LEASE_SECONDS
from retone_bridge.guard import (
    ANSWERS_A_SECOND,
    ANYONE,
    NAMES_A_FILE,
    PACKETS_A_SECOND,
    PAIRED,
    TOKEN_CHARACTERS,
)
from retone_bridge.jobs import ASKER_LIMIT, WAITING_LIMIT
from retone_bridge.osc import ARGUMENTS_LIMIT, BUNDLE_MESSAGES, MESSAGE_LIMIT, PACKET_LIMIT, Argument
from retone_bridge.protocol import ACTION, ACTIONS, DEFAULT_PORT, HELD, PARAM, PROTOCOL, REPLIES, REQUESTS, Heartbeat
from retone_bridge.repeats import FIRST_SECONDS, LONGEST_SECONDS
from retone_bridge.runs import CRASHES_LIMIT
from retone_bridge.said import Said, sentence_of
from retone_bridge.seal import IDLE_SECONDS
from retone_bridge.server import TICK_SECONDS
from retone_bridge.spool import (
    BEAT_SECONDS,
    CLIPS_SECONDS,
    HEARTBEAT,
    PART_SECONDS,
    SILENT_SECONDS,
    STALE_SECONDS,
)
from retone_bridge.spool_in import LOOK_LIMIT as TAKEN_AT_ONCE
from retone_bridge.spool_out import UNREAD_LIMIT
from retone_bridge.workers import GRACE_SECONDS, SILENCE_SECONDS
from retone_engine.request import CODES, KINDS, PARAMETERS, WARNINGS, Parameter


def _listed(addresses: Iterable[str]) -> str:
    return ", ".join(f"`{address}`" for address in addresses)


_SPOOL = f"""## Files instead of packets

A program that can open no socket, such as a script of REAPER's, talks with the service through the spool, a folder that
is fixed for each system and user: `%LOCALAPPDATA%\\retone\\spool` on Windows, `$HOME/Library/Application
Support/retone/spool` on macOS, `$HOME/.local/share/retone/spool` elsewhere. It is its user's alone (mode 0700), and one
service at a time uses it, the one that holds `lock`. What is not a regular file there is never followed or read. A
client that comes before the first service makes `in` itself; what it asks for waits there until a service runs.

| in the spool | written by | what it is |
|---|---|---|
| `in/CLIENT-NNNNNN.osc` | the client | a request |
| `out/CLIENT/NNNNNN.osc` | the service | a reply |
| `{HEARTBEAT}` | the service | `{Heartbeat.address}`, see below |
| `clips/JOB/NAME.wav` | the client | audio for a job, where it is no file of the user's |

Each of the `.osc` files holds one OSC message, the same bytes as a packet. CLIENT is `c` and 12 hex digits made by
chance, new for each run of a program, and for one that has said nothing for a day. NNNNNN counts from 000001, with more
digits when it gets there.

- A request is written as `in/CLIENT-NNNNNN.part` and then renamed. The service looks {1 / TICK_SECONDS:g} times a
  second, takes what is there, {TAKEN_AT_ONCE} at most a look, each client's in its order, and removes a file only after
  its job is on the disk. So nothing is lost or done twice when either side ends in the middle, and a request need not
  be sent again, except after `/retone/busy`, or when a job is `unknown_job`. A longer file than {PACKET_LIMIT:,} bytes
  is removed unread. `/retone/quit` from before the service began is removed and not done.
- Replies are numbered from 000001 without a gap and never replaced; as soon as a name is there, the file is whole. A
  client looks for the next one, a few times a second, reads number n and then removes n - 1, so that the last one read
  stays, also at its end: from it a service that is started again counts on. While {UNREAD_LIMIT} files lie there,
  further replies to that client are dropped; how a job ended is told again, and `/retone/job` tells everything anew. A
  `reply_port` means nothing here; `/retone/notify` works as for anybody.
- The heartbeat is written anew every {BEAT_SECONDS:g} s, as another file that is then renamed, and removed when the
  service ends. One whose time is more than {STALE_SECONDS} s ago is that of a service that was killed. A
  client that has heard nothing of its job for a while looks here: when a service runs, it asks by `/retone/job`.
- On Windows a file that another program has open can be neither renamed nor removed. The service tries again; a client
  should, too.
- The client removes the audio that it wrote when its job has ended. Where the service may read only some folders
  (`--root`), `clips` is one more.

The service removes `.part` files, and what else does not belong there, after {PART_SECONDS / 3600:g} hour, the
folders of clients that were silent for {SILENT_SECONDS / 3600:g} hours, and those of clips after
{CLIPS_SECONDS / 86400:g} days, except where a job has not ended.
"""

_HEAD = f"""# Retone's OSC protocol, version {PROTOCOL}

Made by `python -m retone_bridge.document > bridge/PROTOCOL.md`; do not edit by hand.

The service listens on UDP port {DEFAULT_PORT} of 127.0.0.1, for programs of its own machine; how others are let in
stands under Networks. Every message stays below {MESSAGE_LIMIT:,} bytes; audio is
never sent, only the paths of files. Below, int stands for OSC's `i`, float for `f`, text for `s`, in UTF-8, blob for
`b`, and any for one of these. The service takes numbers as any OSC number (`i f h d T F`), those of settings also as
text, and text also as a number. A bundle is taken apart and each message counts as sent now. An address is matched
exactly, patterns are not expanded. A packet may have {PACKET_LIMIT:,} bytes, {BUNDLE_MESSAGES} messages and
{ARGUMENTS_LIMIT} arguments; what is no OSC is dropped without an answer.

A reply goes to the asker's host: at the port that the packet came from, or at the `reply_port` of the message, or at
the one that hello or notify gave earlier from the same port.

## The life of a job

The client makes the id. It sends the request again after 0.25, 0.5, 1, 2 and 4 seconds, and every 4 seconds then, until
`/retone/ack`, `/retone/busy` or `/retone/fail` arrives; the id keeps it from being done twice. With the same contents
it is acknowledged and its state told, with others it fails with `id_reused`. Before the ack leaves, the job is on the
disk: it comes to one end, `/retone/done` or `/retone/fail`, though the service be killed and started again meanwhile.
The end is repeated after {FIRST_SECONDS:g} seconds and ever less often, at least once in {LONGEST_SECONDS:g} seconds,
until `/retone/received`, for {LEASE_SECONDS / 60:g} minutes. `/retone/job` tells where any job is; who asks before
its end hears the rest from then on.

At most {WAITING_LIMIT} jobs wait, {ASKER_LIMIT} of one asker (host and port, or client of the spool); more are
answered by `/retone/busy` and not kept. Askers take turns, each one's own jobs keep their order.

When the engine dies or its device fails during a job, a fresh engine is started and the job begun once more, behind
its asker's others, with the warning `begun_again`; when that happens {CRASHES_LIMIT} times it fails with
`worker_crashed` or `device_error`. A service that was killed counts as one such time of the job that ran. A job fails
at once with `out_of_memory`, and with `worker_hung` after {SILENCE_SECONDS / 60:g} minutes without a word of the
engine. While no engine can start, or the service's own model cannot be loaded, jobs are kept with the warning `held`,
and tried again.

A cancel is seen before the next call of the network; an engine that has not stopped after {GRACE_SECONDS:g} seconds is
ended. A service that is told to end stops the job that runs and puts it back: the next service begins it anew, or takes
its files when they are all there. It ends within five seconds.

The clip must be the same file, unchanged, when its job begins: else the job fails with `clip_changed`. Nothing is ever
overwritten, a job that fails or is cancelled leaves no file and no new folder.

A `model` is named, or is the full path of a folder that holds one, which `--root` binds as it does clips.

Results lie in the service's folder `renders` (directions in `previews`), or in the `output_folder` that the request
names, or in an `output_subfolder` below that, which is made when the job begins. Its names have `/` between them on
every system; where the service may use only some folders (`--root`), no link in it may lead out of the output folder.
Files are named after the clip and the job: `loop-r1.wav`, or `loop-r1-1.wav` `loop-r1-2.wav` ... when there are
several, and `loop-r1-1-plus.wav` `loop-r1-1-minus.wav` ... when they are the two ways along each direction.

## Networks

What is sent on the service's own machine needs nothing. A service that listens more widely (`retone serve --host
0.0.0.0`) does not start without a token of at least {TOKEN_CHARACTERS} characters, from the environment, RETONE_TOKEN,
or from `--token-file`, a file that only its owner can read. Then, for other machines:

| host | may send |
|---|---|
| any | {_listed(ANYONE)} |
| paired, `--pair 192.168.0.20` | these, {_listed(PAIRED)}, `{PARAM}NAME`, `{ACTION}NAME` |
| any, with the token | everything, sealed |

What else comes is answered by `/retone/fail` with `not_allowed`, or not at all when it is too much: a host gets at most
{ANSWERS_A_SECOND} answers a second to what it sends without a right, as many challenges, and one line a minute in the
log; of its packets, {PACKETS_A_SECOND:,} a second are read. Of the held values, a paired host may not touch
{_listed(NAMES_A_FILE)}, which name files; but it hears everything once it has
subscribed, the names of files among it. A stranger's hello moves no replies. A bundle may hold sealed messages beside
others, each is judged by itself.

A request is sealed so, that neither the token crosses the network nor a recording works again:

1. `/retone/challenge` is answered by `/retone/challenged nonce`. The nonce is good for requests from the same host and
   port, until it has not been used for {IDLE_SECONDS / 60:g} minutes or the service ends.
2. A request, one OSC message, goes as the blob at the end of `/retone/sealed counter mac packet`. The counter begins
   anywhere from 1 and rises with each; a request that is sent again is sealed anew. `mac` is the HMAC-SHA256, in small
   hex digits, with the token (its UTF-8 bytes) as the key, of the nonce as text, the counter as 8 bytes with the
   highest first, and the packet, one after the other.
3. The answers come as if the request had come by itself. `/retone/fail /retone/sealed not_allowed` asks for a new
   challenge: the nonce was forgotten, or the token is another. `bad_request` instead says that the counter was used
   already, as by a packet that the network doubled, about which nothing need be done, or that the packet is not one
   message.

What this does not do: nothing is encrypted, so whoever listens on the network reads prompts and the names of files.
Answers carry no seal and can be forged, and so can the address of a paired host: pair only where the network is yours.
A token that can be guessed can be found from a recording, so let it be made by chance. Where the network is not to be
trusted, put a tunnel under all of it and listen there alone: `--host` with this machine's address in a VPN, such as
WireGuard's. A service that listens on one address only is not heard on 127.0.0.1 either; 0.0.0.0 is all of them.
"""


# How arguments that are several are written.
_SEVERAL = {
    "settings": "name value ...",
    "pushes": "direction K amount A ...",
    "paths": "path ...",
    "names": "name ...",
}


def document() -> str:
    """The whole of PROTOCOL.md."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _HEAD
    yield _SPOOL
    yield "## What the service hears\n"
    for request in REQUESTS:
        yield from _section(request)
        if request.replies:
            yield "Replies: " + ", ".join(f"`{reply.address}`" for reply in request.replies) + ".\n"
    yield "Actions:\n"
    yield from (f"- `{name}`: {sentence}" for name, sentence in ACTIONS.items())
    yield "\n## What the service says\n"
    for reply in REPLIES:
        yield from _section(reply)
    yield "## Parameters\n"
    yield "`auto` lets the model, the file or the service decide. A surface may hold those marked held. `direction` and"
    yield "`amount` come in pairs, as often as there are directions to steer along.\n"
    yield "| name | of | takes | default | held | meaning |\n|---|---|---|---|---|---|"
    yield from map(_row, (HELD["path"], *PARAMETERS))
    yield "\n## Codes of a fail\n"
    yield from (f"- `{code}`: {sentence}" for code, sentence in CODES.items())
    yield "\n## Codes of a warning\n"
    yield from (f"- `{code}`: {sentence}" for code, sentence in WARNINGS.items())


def _section(kind: type[Said]) -> Iterator[str]:
    hints = get_type_hints(kind)
    shown, listed = [], []
    for each in fields(kind):
        in_address = kind.address.endswith("NAME") and each.name == "name"
        optional = each.default is not MISSING or each.default_factory is not MISSING
        if not in_address:
            name = _SEVERAL.get(each.name, each.name)
            shown.append(f"[{name}]" if optional else name)
            listed.append(f"- `{each.name}` ({_words(hints[each.name])}): {sentence_of(kind, each.name)}")
    yield f"### `{' '.join([kind.address, *shown])}`\n"
    yield f"{inspect.getdoc(kind)}\n"
    if listed:
        yield "\n".join(listed) + "\n"


def _words(type_: object) -> str:
    plain: dict[object, str] = {str: "text", bytes: "blob", int: "int", float: "float", int | None: "int"}
    return plain.get(type_, "texts" if type_ == tuple[str, ...] else "any" if type_ is Argument else "pairs")


def _row(parameter: Parameter) -> str:
    default = parameter.default
    shown = f"{default:g}" if isinstance(default, int | float) else "auto" if default is None else default
    of = "all" if len(parameter.of) == len(KINDS) else ", ".join(parameter.of)
    held = "yes" if parameter.name in HELD else ""
    sentence = parameter.sentence.replace("|", r"\|")
    return f"| `{parameter.name}` | {of} | {parameter.takes()} | {shown} | {held} | {sentence} |"


if __name__ == "__main__":
    sys.stdout.write(document())
