"""retone serve: the service, until Ctrl-C."""

from __future__ import annotations

import argparse
import logging
import os
import threading
from pathlib import Path
from typing import Any

from retone_bridge import engine
from retone_bridge.commands import settings
from retone_bridge.paths import PREVIEWS_GB, spool_folder, state_folder
from retone_bridge.protocol import DEFAULT_PORT
from retone_engine.request import RetoneError

log = logging.getLogger(__name__)


def add(commands: Any) -> None:
    serve = commands.add_parser("serve", help="run the service that the DAW scripts talk to", description=__doc__)
    serve.add_argument("--host", default="127.0.0.1", help="where to listen (%(default)s, this machine only)")
    serve.add_argument("--port", type=int, default=DEFAULT_PORT, help="UDP port, 0 takes a free one (%(default)s)")
    serve.add_argument("--model", help="the model of requests that name none")
    serve.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"), help="(%(default)s)")
    serve.add_argument(
        "--root", action="append", default=[], metavar="DIR", help="only files in this folder; may be repeated"
    )
    serve.add_argument(
        "--token-file", metavar="FILE", help="holds what other machines need to be let in ($RETONE_TOKEN)"
    )
    serve.add_argument(
        "--pair",
        action="append",
        default=[],
        metavar="HOST",
        help="the address of a control surface that may turn parameters without the token; may be repeated",
    )
    serve.add_argument("--state", metavar="DIR", help=f"where the journal and the results lie ({state_folder()})")
    serve.add_argument(
        "--keep-previews",
        type=settings.gigabytes,
        default=PREVIEWS_GB,
        metavar="GB",
        help="room for the previews of directions, of which the oldest go first (%(default)s)",
    )
    settings.add_keeping(serve)
    serve.add_argument("--warm", action="store_true", help="load the model at once, not at the first job")
    serve.add_argument("--verbose", action="store_true", help="log everything, prompts and paths too")
    serve.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    # Here, since nothing else needs the service's modules.
    from retone_bridge import guard, logs
    from retone_bridge.closing import on_closing
    from retone_bridge.server import Server, Settings

    state = Path(options.state).expanduser().absolute() if options.state else state_folder()
    token = guard.read_token(options.token_file, os.environ)
    os.environ.pop(guard.TOKEN_VARIABLE, None)  # the engine has no use for it
    asked = Settings(
        host=options.host,
        port=options.port,
        model=options.model,
        device=options.device,
        roots=tuple(str(Path(root).expanduser().absolute()) for root in options.root),
        state=state,
        token=token,
        paired=tuple(options.pair),
        previews_gb=options.keep_previews,
        inversions_gb=options.keep_inversions,
        warm=options.warm,
        spool=spool_folder(),
    )
    if options.model:
        _look_for(options.model)
    with logs.kept(state / logs.FOLDER, verbose=options.verbose):
        if asked.spool is None:
            logs.note(log, logging.WARNING, "spool not used", why="the environment does not name the home folder")
        server, ended = Server(asked), threading.Event()
        on_closing(server.stop, ended)
        print(f"Retone listens on {server.endpoint} (OSC over UDP). Ctrl-C ends it.", flush=True)
        server.run()
    ended.set()
    return 0


def _look_for(model: str) -> None:
    """Says at once what every job would be told; the service runs nevertheless, and does them when it is here."""
    try:
        engine.ask("models", model)
    except RetoneError as error:
        print(f"note: {error.message}", flush=True)
