"""The service: sockets, journal, jobs and engine, wired together around one queue.

Threads only put events onto the queue; the thread in ``run`` takes them off and owns everything.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from retone_bridge import leftovers, protocol
from retone_bridge.askers import ReplyPorts, Subscribers, client_of
from retone_bridge.guard import Guard
from retone_bridge.housekeeping import Housekeeping
from retone_bridge.jobs import Jobs
from retone_bridge.journal import Journal
from retone_bridge.logs import note
from retone_bridge.osc import Message, OscError, decode
from retone_bridge.paths import ENGINE_LOCK, INVERSIONS_GB, JOURNAL, PREVIEWS_GB, Places, state_folder
from retone_bridge.pipe import Ready, WorkerEvent
from retone_bridge.presets import FILE as PRESETS
from retone_bridge.presets import Presets
from retone_bridge.protocol import DEFAULT_PORT, Ack, Fail, Request
from retone_bridge.spool import CLIPS, Owners, Spool
from retone_bridge.surface import Actions, HeldValues
from retone_bridge.udp import Endpoint, Udp
from retone_bridge.vitals import Vitals
from retone_bridge.voice import Voice
from retone_bridge.workers import WorkerProcess, engine_command, keeping
from retone_engine.request import RetoneError

log = logging.getLogger(__name__)

TICK_SECONDS = 0.1
# Packets that came together share one commit; the first of them waits no longer than this for the others.
TOGETHER_SECONDS = 0.01
# Packets beyond this wait nowhere: they are dropped, as UDP may, and at-least-once clients send them again.
INBOX_LIMIT = 4096

_Packet: TypeAlias = tuple[bytes, Endpoint]


@dataclass(frozen=True)
class Settings:
    """How a service is started; ``port`` 0 takes a free one, ``worker`` is the engine's command line.

    ``token`` is what other machines show to be let in, ``paired`` the hosts that may turn parameters without it.
    ``previews_gb`` is the room for previews of directions, in 10^9 bytes, ``inversions_gb`` that for inversions of
    clips. ``warm``: the model is loaded before the first job. ``spool`` is the folder for programs without
    sockets, None for none.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    model: str | None = None
    device: str = "auto"
    roots: tuple[str, ...] = ()
    state: Path = field(default_factory=state_folder)
    worker: tuple[str, ...] = ()
    token: str | None = field(default=None, repr=False)
    paired: tuple[str, ...] = ()
    previews_gb: float = PREVIEWS_GB
    inversions_gb: float = INVERSIONS_GB
    warm: bool = False
    spool: Path | None = None


class Server:
    """A service that is ready to ``run``; raises RetoneError when a port, a folder or the journal cannot be had."""

    def __init__(self, settings: Settings) -> None:
        self._guard = Guard(settings.host, settings.token, settings.paired)
        self._inbox: queue.SimpleQueue[_Packet | WorkerEvent] = queue.SimpleQueue()
        self._stopping = False
        self._held = HeldValues()
        self._subscribers = Subscribers()
        self._reply_ports = ReplyPorts()
        places = Places.of(settings.state, settings.roots, settings.spool and settings.spool / CLIPS)
        self._udp = Udp(settings.host, settings.port, self._packet)
        try:
            self._journal = Journal(settings.state / JOURNAL)
        except RetoneError:
            self._udp.close()
            raise
        for own in (places.renders, places.previews):
            leftovers.sweep(own)
        self._presets = Presets(settings.state / PRESETS)
        more = (*keeping(settings.state, settings.inversions_gb), *(("--warm",) if settings.warm else ()))
        command = settings.worker or engine_command(settings.device, settings.model, *more)
        lock = ("--lock", str(settings.state / ENGINE_LOCK))
        self._executor = WorkerProcess((*command, *lock), self._inbox.put)
        self._spool = Spool(settings.spool, lambda: self._vitals.heartbeat(), self._owners) if settings.spool else None
        self._voice = Voice(self._udp, self._spool, self._subscribers)
        self._jobs = Jobs(self._journal, self._executor, places, self._voice.announce, self._voice.answer)
        self._vitals = Vitals(self._jobs.runs, self._journal.counts)
        room = int(1e9 * settings.previews_gb)
        self._housekeeping = Housekeeping(places.previews, room, self._jobs.writes, self._journal.prune)
        self._actions = Actions(self._held, self._jobs, self._voice.announce)

    @property
    def endpoint(self) -> Endpoint:
        """Where it listens."""
        return self._udp.endpoint

    def run(self) -> None:
        """Serves until ``stop`` or /retone/quit."""
        self._executor.start()
        self._jobs.recover()
        self._udp.start()
        note(log, logging.INFO, "listening", at=str(self.endpoint))
        next_tick = time.monotonic()
        try:
            while not self._stopping:
                self._take_all(max(0.0, next_tick - time.monotonic()))
                if time.monotonic() >= next_tick:
                    self._survive(self._take_spooled)
                    self._survive(self._jobs.tick)
                    self._housekeeping.tick()
                    next_tick = time.monotonic() + TICK_SECONDS
        finally:
            self._udp.close()
            self._jobs.close()
            self._journal.close()
            if self._spool is not None:
                self._spool.close()
            note(log, logging.INFO, "ended")

    def stop(self) -> None:
        """Ends ``run`` soon; may be called from any thread and from a signal."""
        self._stopping = True

    def _packet(self, data: bytes, source: Endpoint) -> None:
        if not self._guard.hears(source.host):
            return
        # Packets alone are bounded: what the engine says, or a failing start, may neither be lost nor wait.
        if self._inbox.qsize() >= INBOX_LIMIT:
            note(log, logging.WARNING, "packet dropped", source=str(source), why="too many wait")
        else:
            self._inbox.put((data, source))

    def _take_all(self, seconds: float) -> None:
        """Takes what waits in the inbox, or what comes within ``seconds``; its jobs share one commit."""
        with suppress(queue.Empty):
            self._take(self._inbox.get(timeout=seconds))
            until = time.monotonic() + TOGETHER_SECONDS
            while time.monotonic() < until:
                self._take(self._inbox.get_nowait())
        self._survive(self._jobs.keep)

    def _take_spooled(self) -> None:
        """Does what lies in the spool folder; a file is removed when its job is on the disk, so that none is lost."""
        if self._spool is None:
            return
        self._spool.tick()
        taken = self._spool.take()
        for one in taken:
            self._read(one.data, one.asker)
        self._survive(self._jobs.keep)
        self._spool.remove(taken)

    def _take(self, event: _Packet | WorkerEvent) -> None:
        if isinstance(event, tuple):
            self._read(*event)
            return
        if isinstance(event, Ready):
            self._vitals.engine = event
        self._survive(self._jobs.heard, event)

    def _survive(self, does: Callable[..., None], *arguments: object) -> None:
        """A fault of our own must not end everybody's service: it is written down, and the next thing is done."""
        try:
            does(*arguments)
        except Exception as error:
            note(log, logging.ERROR, "fault", doing=does.__name__, error=error)

    def _read(self, data: bytes, source: Endpoint) -> None:
        try:
            messages = decode(data)
        except OscError as error:
            # Not answered: what cannot be read may come from anything, and an answer may call for another.
            if self._guard.worth_a_line(source.host):
                note(log, logging.WARNING, "packet dropped", source=str(source), why="no OSC", error=error)
            return
        for message in messages:
            self._dispatch(message, source)

    def _dispatch(self, message: Message, source: Endpoint) -> None:
        if message.address in _SAID_BY_SERVICES:
            if self._guard.worth_a_line(source.host):
                note(log, logging.WARNING, "packet dropped", source=str(source), why="only a service says it")
            return
        asker = self._reply_ports.of(source)
        try:
            admitted = self._guard.admitted(message, source)
            if admitted is None:
                return
            message = admitted
            request = protocol.read_request(message)
            asker = self._reply_ports.of(source, getattr(request, "reply_port", None))
            self._subscribers.renew(asker)
            self._do(request, asker, source)
        except RetoneError as error:
            self._voice.answer(Fail(protocol.named_in(message), error.code, error.message), asker)
        except Exception as error:
            # A fault of our own in one request must not end everybody's service.
            note(log, logging.ERROR, "fault", source=str(source), address=message.address[:60], error=error)
            words = f"Retone met a fault of its own ({type(error).__name__}); its log tells more."
            self._voice.answer(Fail(protocol.named_in(message), "internal", words), asker)

    def _do(self, request: Request, asker: Endpoint, source: Endpoint) -> None:
        answer = self._voice.answer
        match request:
            case protocol.Hello():
                self._reply_ports.remember(source, request.reply_port)
                if request.client:
                    note(log, logging.DEBUG, "hello", source=str(source), client=request.client[:60])
                answer(self._vitals.welcome(), asker)
            case protocol.Version():
                answer(self._vitals.version(), asker)
            case protocol.Status():
                answer(self._vitals.status(), asker)
            case protocol.Challenge():
                answer(protocol.Challenged(self._guard.challenge(source)), asker)
            case protocol.Sync():
                self._jobs.keep()
                answer(protocol.Synced.fitting(request.token), asker)
            case protocol.Notify():
                self._reply_ports.remember(source, request.reply_port)
                self._notify(bool(request.on), asker)
            case protocol.Quit():
                answer(Ack(request.address), asker)
                self.stop()
            case protocol.Asking():
                self._jobs.admit(request.id, request.asked(), asker)
            case protocol.Cancel():
                self._jobs.cancel(request.id, asker)
            case protocol.Job():
                self._jobs.tell_state(request.id, asker)
            case protocol.Received():
                self._jobs.received(request.id)
            case protocol.Clips():
                answer(protocol.ClipsReply.fitting(request.name, self._journal.clips(request.name)), asker)
            case protocol.PresetRequest():
                answer(self._presets.answer(request), asker)
            case protocol.Param(value=None):
                answer(self._held.reply(request.name), asker)
            case protocol.Param():
                self._voice.announce(self._held.put(request.name, request.value))
            case protocol.Action():
                if request.pressed:
                    self._actions.act(request.name, asker)

    def _notify(self, on: bool, asker: Endpoint) -> None:
        self._voice.answer(Ack(protocol.Notify.address), asker)
        if not on:
            self._subscribers.remove(asker)
            return
        self._subscribers.add(asker)
        for reply in self._held.dump():
            self._voice.answer(reply, asker)

    def _owners(self) -> Owners:
        """Whose folders in the spool are in use."""
        jobs = tuple(self._jobs.runs)
        clients = (client_of(job.asker[0]) for job in jobs if job.asker)
        return Owners({client for client in clients if client}, {job.id for job in jobs})


_SAID_BY_SERVICES = {reply.address for reply in protocol.REPLIES}


def in_background(server: Server) -> threading.Thread:
    """A thread that runs ``server``; stop it with ``server.stop()`` and join it."""
    thread = threading.Thread(target=server.run, name="retone service")
    thread.start()
    return thread
