"""What the device ships is ES5 to the letter, which is all that Max's [js] reads: no newer syntax, no newer helpers."""

from itertools import pairwise

import esprima
import pytest

import build
from live.container import DEVICE, read

# Every kind of node that ES5 has; whatever a parser of today finds beside them is newer.
NODES = """
    Program ArrayExpression AssignmentExpression BinaryExpression CallExpression ConditionalExpression
    FunctionExpression Identifier Literal LogicalExpression MemberExpression NewExpression ObjectExpression Property
    SequenceExpression ThisExpression UnaryExpression UpdateExpression BlockStatement BreakStatement CatchClause
    ContinueStatement DebuggerStatement DoWhileStatement EmptyStatement ExpressionStatement ForInStatement ForStatement
    FunctionDeclaration IfStatement LabeledStatement ReturnStatement SwitchCase SwitchStatement ThrowStatement
    TryStatement VariableDeclaration VariableDeclarator WhileStatement WithStatement
"""
# What came later, or is a browser's and not the language's.
NEWER_NAMES = """
    Map Set WeakMap WeakSet Promise Symbol Proxy Reflect BigInt globalThis console setTimeout setInterval clearTimeout
    Int8Array Uint8Array Int32Array Float32Array Float64Array ArrayBuffer DataView TextEncoder TextDecoder
"""
NEWER_METHODS = """
    includes startsWith endsWith padStart padEnd trimStart trimEnd codePointAt normalize findIndex findLast flatMap flat
    fromEntries getOwnPropertySymbols isInteger isSafeInteger fround hypot log2 log10 log1p expm1 cbrt trunc sign
"""
NEWER_STATICS = """
    Object.assign Object.entries Object.values Object.is Object.setPrototypeOf Array.from Array.of Number.isFinite
    Number.isNaN Number.EPSILON Number.parseFloat Number.parseInt String.raw String.fromCodePoint
"""
SCRIPTS = [build.SCRIPT, "retone-bar.js", "retone-lamp.js"]


def newer(source):
    """What in ``source`` is newer than ES5: a list of words with their lines."""
    found = []
    tree = esprima.parseScript(source, loc=True, tokens=True)

    def say(node, what):
        found.append(f"{what} (line {node.loc.start.line})")

    def walk(node):
        if isinstance(node, list):
            for part in node:
                walk(part)
        elif isinstance(node, esprima.nodes.Node):
            judge(node, say)
            for name, part in vars(node).items():
                if name not in ("loc", "tokens", "comments", "errors"):
                    walk(part)

    walk(tree.body)
    for before, after in pairwise(tree.tokens):
        if before.value == "," and after.value == ")":
            say(before, "a comma before )")
    return found


def judge(node, say):
    if node.type not in NODES.split():
        say(node, node.type)
    if node.type in ("BinaryExpression", "AssignmentExpression") and "**" in node.operator:
        say(node, node.operator)
    if node.type == "VariableDeclaration" and node.kind != "var":
        say(node, node.kind)
    if node.type == "Property" and (node.shorthand or node.computed or node.method):
        say(node, "a short property")
    if node.type in ("FunctionExpression", "FunctionDeclaration"):
        if node.generator or node.isAsync:
            say(node, "a generator or async function")
        for parameter in node.params:
            if parameter.type != "Identifier":
                say(node, "a parameter that is no name")
    if node.type == "Literal" and getattr(node, "regex", None) and set(node.regex.flags or "") - set("gim"):
        say(node, f"the flags {node.regex.flags}")
    if node.type == "Identifier" and node.name in NEWER_NAMES.split():
        say(node, node.name)
    if node.type == "MemberExpression" and not node.computed:
        if node.property.name in NEWER_METHODS.split():
            say(node, node.property.name)
        if node.object.type == "Identifier" and f"{node.object.name}.{node.property.name}" in NEWER_STATICS.split():
            say(node, f"{node.object.name}.{node.property.name}")


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_shipped_script_is_es5(name):
    assert newer(read(DEVICE.read_bytes()).text(name)) == []


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_shipped_script_is_plain_text_of_short_lines(name):
    lines = read(DEVICE.read_bytes()).text(name).split("\n")
    assert max(map(len, lines)) <= 120
    assert not any("\t" in line or "\r" in line for line in lines)


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_the_shipped_script_says_is_written_in_ascii(name):
    """Nobody promises how Max reads a script's bytes; comments may be read as they will."""
    tokens = esprima.tokenize(read(DEVICE.read_bytes()).text(name))
    assert [token.value for token in tokens if not token.value.isascii()] == []


@pytest.mark.parametrize(
    "source",
    [
        "let a = 1;",
        "const a = 1;",
        "var f = () => 1;",
        "var s = `x`;",
        "class A {}",
        "for (var a of b) {}",
        "f(...a);",
        "var a = [...b];",
        "var a = {b};",
        "var a = {[b]: 1};",
        "var a = {b() {}};",
        "var {a} = b;",
        "var [a] = b;",
        "function f(a = 1) {}",
        "function f(...a) {}",
        "function* f() {}",
        "async function f() {}",
        "f(a,);",
        "new Map();",
        "Object.assign({}, a);",
        "Array.from(a);",
        "'a'.includes('b');",
        "'a'.padStart(2);",
        "Number.isFinite(1);",
        "console.log(1);",
        "setTimeout(f, 1);",
        "var a = 2 ** 3;",
        "/a/u.test(b);",
    ],
)
def test_newer_things_are_seen(source):
    assert newer(source) != []


def test_what_es5_has_is_let_through():
    source = """
    "use strict";
    var held = {a: 1, get b() { return 2; }, "c": [1, , 3]};
    label: for (var k in held) { if (held.hasOwnProperty(k)) { continue label; } else { break; } }
    do { held.a += 1; } while (held.a < 3);
    switch (held.a) { case 1: throw new Error("x"); default: }
    try { /a[b]/gi.test("x"); } catch (error) { debugger; } finally { delete held.a; }
    (function () { return this; }).apply(null, [1].map(String).concat(Object.keys(held)), void 0);
    """
    assert newer(source) == []
