"""Dataclasses that are OSC messages: their fields are the arguments, in order, of any type that can be read as theirs.

What Retone hears and says is declared in ``requests`` and ``replies`` with these means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields
from typing import Annotated, Any, ClassVar, TypeVar, get_args, get_origin, get_type_hints

from retone_bridge.osc import Argument, Message, in_32_bits, meant
from retone_engine.request import Asked, Push, RetoneError, pairs, steering

MESSAGE_BYTES = 900  # of a sentence in a reply


@dataclass(frozen=True)
class Said:
    """What requests and replies share: an address, and fields that are its arguments in order."""

    address: ClassVar[str] = ""
    asks: ClassVar[Asked]  # whose settings stand at the end, where there are any

    def to_osc(self) -> Message:
        """This as an OSC message; an argument that is not there is left out, with everything after it."""
        arguments: list[Argument] = []
        trailing: list[Argument] = []
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, Mapping):
                trailing += [argument for name, held in value.items() for argument in (name, _exactly(held))]
            elif isinstance(value, tuple):
                trailing += [argument for item in value for argument in _several(item)]
            elif each.name == "reply_port" and "settings" in self.__dataclass_fields__:
                trailing += ["reply_port", value] if value is not None else []
            elif value is None:
                break
            else:
                arguments.append(_cut(value, MESSAGE_BYTES) if each.name == "message" else as_argument(value))
        return Message(self.address, (*arguments, *trailing))


SaidT = TypeVar("SaidT", bound=Said)


def _several(item: object) -> list[Argument]:
    if isinstance(item, Push):
        amounts = item.amounts[0] if len(item.amounts) == 1 else ",".join(map(repr, item.amounts))
        return ["direction", item.direction, "amount", _exactly(amounts)]
    return [as_argument(item)]


def _exactly(value: object) -> Argument:
    """A setting as an argument: a number that would come to be another one on the way goes as text."""
    if isinstance(value, float) and meant(in_32_bits(value)) != value:
        return repr(value)
    return as_argument(value)


def as_argument(value: object) -> Argument:
    """``value`` as what every OSC program can read: text, int or float; None is auto."""
    if value is None:
        return "auto"
    if isinstance(value, bool):
        return int(value)
    return value if isinstance(value, str | int | float | bytes) else str(value)


def sentence_of(kind: type[Said], name: str) -> str:
    """What the argument ``name`` of ``kind`` means."""
    hint = get_type_hints(kind, include_extras=True)[name]
    annotated = next(part for part in (hint, *get_args(hint)) if get_origin(part) is Annotated)
    return str(get_args(annotated)[1])


# Kept, since looking up type hints takes longer than reading a packet.
_known: dict[Any, dict[str, tuple[Field[Any], Any]]] = {}


def arguments_of(kind: type[Said]) -> dict[str, tuple[Field[Any], Any]]:
    """The fields of ``kind`` by name, each with its plain type."""
    if kind not in _known:
        hints = get_type_hints(kind)
        _known[kind] = {each.name: (each, hints[each.name]) for each in fields(kind)}
    return _known[kind]


def fill(kind: type[SaidT], given: Sequence[Argument], address: str) -> SaidT:
    """``kind`` with the arguments that came; raises RetoneError(bad_request) that names the one at fault."""
    values: dict[str, Any] = {}
    rest: list[Any] = [meant(one) if isinstance(one, float) else one for one in given]
    for name, (each, type_) in arguments_of(kind).items():
        if name == "settings":
            values |= _settings(rest, kind)
            rest = []
        elif type_ == tuple[Push, ...]:
            values[name], rest = steering(rest)
        elif type_ == tuple[str, ...]:
            values[name] = tuple(_coerce(one, str, f"{address}: {name}") for one in rest)
            rest = []
        elif rest:
            values[name] = _coerce(rest.pop(0), type_, f"{address}: {name}")
        elif each.default is MISSING and each.default_factory is MISSING:
            raise RetoneError("bad_request", f"{address} lacks {name}: {sentence_of(kind, name)}")
    if rest:
        raise RetoneError("bad_request", f"{address} takes {len(values)} arguments; {len(given)} came.")
    return kind(**values)


def _settings(given: Sequence[Argument], kind: type[Said]) -> dict[str, Any]:
    """Pairs of parameters, among which ``reply_port``, where ``kind`` has one, is the packet's own."""
    names = list(given[::2])
    found: dict[str, Any] = {}
    if "reply_port" in names and "reply_port" in arguments_of(kind):
        place = 2 * names.index("reply_port")
        found["reply_port"] = _coerce((*given, None)[place + 1], int | None, "reply_port")
        given = [*given[:place], *given[place + 2 :]]
    return {**found, "settings": pairs(given, kind.asks)}


def _coerce(value: Argument, type_: Any, what: str) -> Any:
    """``value`` as the type of an argument, from whatever type the sender's program uses."""
    if type_ is str:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return str(value)
    elif type_ in (int, int | None, float):
        try:
            number = float(value)  # type: ignore[arg-type]
            if type_ is float:
                return number
            if number == int(number) and (type_ is int or 1 <= number <= 65535):
                return int(number)
        except (TypeError, ValueError, OverflowError):
            pass
    elif type_ is not bytes or isinstance(value, bytes):
        return value
    words = {str: "text", bytes: "a blob", float: "a number", int: "a whole number"}.get(
        type_, "a port from 1 to 65535"
    )
    raise RetoneError("bad_request", f"{what} is {str(value)[:60]!r}; it takes {words}.")


def _cut(text: str, limit: int) -> str:
    data = text.replace("\0", " ").encode(errors="replace")
    return data.decode() if len(data) <= limit else data[: limit - 3].decode(errors="ignore") + "..."
