"""retone steer: one clip, taken along directions that the model finds in it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from retone_bridge.commands import settings, work
from retone_engine.request import SteerRequest, steering


def add(commands: Any) -> None:
    steer = commands.add_parser("steer", help="take a clip along its directions", description=__doc__)
    steer.add_argument("clip", metavar="IN", help="an audio file")
    add_pushes(steer)
    work.add_options(steer, "steer")
    steer.set_defaults(run=run)


def add_pushes(parser: argparse.ArgumentParser) -> None:
    """--direction K --amount A, as often as there are directions, kept in their order as ``options.along``."""
    group = parser.add_argument_group("directions (K and A in turn, for as many as are wanted)")
    group.add_argument("--direction", metavar="K", action=_InOrder, help="a direction, as retone directions numbers it")
    group.add_argument(
        "--amount",
        metavar="A",
        action=_InOrder,
        help="how far to go, -1 to 1; 1 is three standard deviations. Several, by commas, give several results",
    )
    parser.set_defaults(along=())


class _InOrder(argparse.Action):
    """Keeps names and values in the order they came, across options."""

    def __init__(self, option_strings: Sequence[str], dest: str, **more: Any) -> None:
        self._name = dest
        super().__init__(option_strings, dest, default=argparse.SUPPRESS, **more)

    def __call__(
        self, parser: Any, namespace: argparse.Namespace, values: Any, option_string: str | None = None
    ) -> None:
        namespace.along = (*namespace.along, self._name, values)


def run(options: argparse.Namespace) -> int:
    source = work.clip(options.clip)
    pushes, _ = steering(options.along)
    request = SteerRequest.of(str(source), settings.collected(options, "steer"), pushes=pushes)
    return work.carry_out(work.Plan.of(request, options), options)
