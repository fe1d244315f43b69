"""Dialogs: what a script asks the user is answered by the test, in the order it was told to; else the test fails."""

from dataclasses import dataclass

from .fake_lua import Wrong

BUTTONS = {
    0: ("ok",),
    1: ("ok", "cancel"),
    2: ("abort", "retry", "ignore"),
    3: ("yes", "no", "cancel"),
    4: ("yes", "no"),
    5: ("retry", "cancel"),
}
NUMBERS = {"ok": 1, "cancel": 2, "abort": 3, "retry": 4, "ignore": 5, "yes": 6, "no": 7}
FIELDS = 16


@dataclass(frozen=True)
class Inputs:
    """A dialog of fields as it came up: captions and what stood in the fields."""

    title: str
    captions: list[str]
    values: list[str]

    def value(self, beginning):
        """What stood in the field whose caption begins so."""
        return self.values[self.field(beginning)]

    def field(self, beginning):
        """The number of the field whose caption begins so, whatever the case; fails where none or several do."""
        wanted = beginning.replace("_", " ").lower()
        found = [number for number, caption in enumerate(self.captions) if caption.lower().startswith(wanted)]
        whole = [number for number in found if self.captions[number].lower().split(" (")[0] == wanted]
        found = whole or found
        if len(found) != 1:
            raise Wrong(f"{beginning!r} is no one field of {self.captions}")
        return found[0]


@dataclass(frozen=True)
class Box:
    """A message box as it came up."""

    title: str
    message: str
    buttons: tuple[str, ...]


class Dialogs:
    """``cut_at``: of a longer answer a dialog of fields gives no more than these characters."""

    def __init__(self):
        self.shown = []
        self.answers = []
        self.cut_at = None

    @property
    def messages(self):
        """The text of every box so far."""
        return [box.message for box in self.shown if isinstance(box, Box)]

    @property
    def inputs_shown(self):
        return [dialog for dialog in self.shown if isinstance(dialog, Inputs)]

    def inputs(self, title, count, captions, values):
        """GetUserInputs: beyond the fields' captions may stand extrawidth=N and separator=X."""
        if not 1 <= count <= FIELDS:
            raise Wrong(f"{count} fields; REAPER shows 1 to {FIELDS}")
        parts = captions.split(",")
        separator = ","
        for extra in parts[count:]:
            name, equals, value = extra.partition("=")
            if not equals or name not in ("extrawidth", "separator"):
                raise Wrong(f"{len(parts)} captions for {count} fields: {extra!r} is one too many")
            if name == "separator":
                separator = value
            elif not value.isdigit():
                raise Wrong(f"extrawidth={value!r}")
        if separator == "":
            raise Wrong("an empty separator")
        names = [caption.removeprefix("*") for caption in [*parts[:count], *[""] * (count - len(parts))]]
        given = values.split(separator)
        if len(given) > count:
            raise Wrong(f"{len(given)} values for {count} fields: one of them holds the separator {separator!r}")
        for part in (*names, *given):
            if not _closed(part):
                raise Wrong(
                    f"REAPER parts no fields after {part!r}, which opens a quote or bracket and does not close it"
                )
        dialog = Inputs(title, names, [*given, *[""] * (count - len(given))])
        self.shown.append(dialog)
        answer = self._answer("inputs", f"the dialog {title!r} with the fields {names}")
        if answer is None:
            return False, values
        filled = list(dialog.values)
        for name, value in answer.items():
            filled[dialog.field(name)] = str(value)
        return True, separator.join(filled)[: self.cut_at]

    def message(self, message, title, kind):
        if kind not in BUTTONS:
            raise Wrong(f"there is no message box of type {kind}")
        self.shown.append(Box(title, message, BUTTONS[kind]))
        answer, containing = self._answer("message", f"the message {message!r}")
        if answer not in BUTTONS[kind]:
            raise Wrong(f"the message {message!r} has no button {answer!r}")
        if containing not in message:
            raise Wrong(f"the message {message!r} does not say {containing!r}")
        return NUMBERS[answer]

    def _answer(self, kind, what):
        if not self.answers or self.answers[0][0] != kind:
            raise Wrong(f"{what} came up, and the test does not expect it")
        return self.answers.pop(0)[1]


def _closed(text):
    """Whether no quote or bracket is left open, as REAPER reads a list: within quotes all else is only text."""
    quote, depth = None, 0
    for character in text:
        if quote:
            quote = None if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in "()":
            depth += 1 if character == "(" else -1
            if depth < 0:
                return False
    return quote is None and depth == 0
