"""Joins the device's modules into the one script that [js] loads: Max may not find files of a frozen device itself.

A module asks for another by ``require("./name")`` and gives by ``exports``. Each becomes a function that runs when it
is first asked for; ``main.js`` comes last and unwrapped, as its functions are what Max calls. Newer Max has a
``require`` of its own, which nobody promises to give up its name: so main asks by another one.
"""

import re
from collections.abc import Mapping

MAIN = "main"
# Any call of a function of that name is looked at, so that nothing but the one form below slips through.
_CALL = re.compile(r"(?<![\w$.])require\s*\(([^()]*)\)")
_ARGUMENT = re.compile(r'"\./([a-z][a-z0-9_]*)"')

_HEAD = """\
// Made by max_for_live/build.py from max_for_live/device; changes belong there.
var retone_modules = {};

function retone_require(name) {
  var module = retone_modules[name];
  if (!module.exports) {
    module.exports = {};
    module.body(retone_require, module.exports);
  }
  return module.exports;
}
"""


def bundle(modules: Mapping[str, str]) -> str:
    """One ES5 script of ``modules`` (name without its ending -> source), those that main needs and no more.

    Raises ValueError, naming the module, where one asks for what is not there, in another form than
    ``require("./name")``, or in a circle.
    """
    if MAIN not in modules:
        raise ValueError(f"There is no {MAIN}.js among the device's modules.")
    order: list[str] = []
    _visit(MAIN, modules, (), order)
    parts = [_HEAD]
    for name in order[:-1]:
        body = f"function (require, exports) {{\n{_ended(modules[name])}}}"
        parts.append(f'\nretone_modules["./{name}"] = {{ body: {body} }};\n')
    parts.append("\n" + _CALL.sub(r"retone_require(\1)", _ended(modules[MAIN])))
    return "".join(parts)


def required(name: str, source: str) -> list[str]:
    """The modules that ``source`` asks for, in its order. Raises ValueError for any other form of asking."""
    names = []
    for argument in _CALL.findall(_without_comments(source)):
        match = _ARGUMENT.fullmatch(argument.strip())
        if not match:
            raise ValueError(f'{name}.js asks for require({argument}); only require("./name") is bundled.')
        names.append(match[1])
    return names


def _visit(name: str, modules: Mapping[str, str], above: tuple[str, ...], order: list[str]) -> None:
    if name in above:
        raise ValueError(f"Modules require each other in a circle: {' -> '.join([*above, name])}.")
    if name in order:
        return
    for needed in required(name, modules[name]):
        if needed not in modules:
            raise ValueError(f"{name}.js requires {needed}.js, which is not there.")
        if needed == MAIN:
            raise ValueError(f"{name}.js requires {MAIN}.js, which only Max calls.")
        _visit(needed, modules, (*above, name), order)
    order.append(name)


def _without_comments(source: str) -> str:
    """``source`` less its comments; strings stay, as what is asked for stands in one."""
    words = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|//[^\n]*|/\*.*?\*/', re.DOTALL)
    return words.sub(lambda match: " " if match[0].startswith("/") else match[0], source)


def _ended(source: str) -> str:
    return source if source.endswith("\n") else source + "\n"
