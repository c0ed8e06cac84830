"""What a template says: checked against what is allowed, and turned into our own operations.

Jinja's generated code reads, calculates and calls by itself; here each of these becomes a filter of ours, so nothing
happens in a rendering that `operations` does not see. What is not named below is refused.
"""

# ruff: noqa: N802, N815 - Jinja finds what it calls by the names of its nodes

from __future__ import annotations

import inspect
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple, NoReturn

from jinja2 import nodes
from jinja2.runtime import LoopContext
from jinja2.visitor import NodeTransformer

from emulator.scenario.templates.bounds import MAX_BITS
from emulator.scenario.templates.checks import TESTS
from emulator.scenario.templates.filters import FILTERS, searching
from emulator.scenario.templates.grammar import TOO_LARGE
from emulator.scenario.templates.methods import METHODS, names_of
from emulator.scenario.templates.operations import FIELDS, FUNCTIONS
from emulator.scenario.templates.outcome import Misfit
from emulator.scenario.templates.scope import NAMES, Asked, Random, Result
from emulator.scenario.wording import show, suggestion

__all__ = ["Facts", "Rewriter", "measured"]

_MAX_NODES: Final = 10_000
_MAX_DEPTH: Final = 40
_MAX_LOOPS: Final = 8
_MAX_LABEL: Final = 60

_TYPES: Final[Mapping[str, type]] = {
    "request": Asked,
    "tool_result": Result,
    "random": Random,
    "now": datetime,
    "loop": LoopContext,
}
"""What is known of a name before a template runs."""
_ALLOWED: Final = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.For, nodes.If, nodes.Assign, nodes.AssignBlock),
    *(nodes.Name, nodes.NSRef, nodes.Const, nodes.Tuple, nodes.List, nodes.Dict, nodes.Pair, nodes.Keyword),
    *(nodes.CondExpr, nodes.Filter, nodes.Test, nodes.Call, nodes.Getattr, nodes.Getitem, nodes.Slice),
    *(nodes.Concat, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Pos),
    *(nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow),
)
_KEYED: Final = ("match", "vars", "state")
"""The names whose keys are the author's own."""
_LENIENT: Final = {"default", "d", "defined", "undefined"}
"""The filters and tests that take what is not there."""
_GETS_ATTRIBUTE: Final = {"map", "select", "reject", "selectattr", "rejectattr"}


class Facts(NamedTuple):
    """What a template reads, as `Template` says it."""

    names: frozenset[str]
    state: frozenset[str]
    reads: frozenset[tuple[str, str]]
    needs: tuple[tuple[str, str, int], ...]
    opaque: frozenset[str]


def measured(tree: nodes.Template) -> None:
    """Raise Misfit where a template is too large, too deep, or has what no template may have."""
    count = 0
    level: list[tuple[nodes.Node, int]] = [(tree, 0)]
    for depth in range(_MAX_DEPTH + 1):
        if not level:
            return
        count += len(level)
        for node, loops in level:
            if type(node) not in _ALLOWED:
                raise Misfit(f"{type(node).__name__} is not known in templates; if, for, set and raw are.", node.lineno)
            if depth == _MAX_DEPTH or loops > _MAX_LOOPS:
                raise Misfit("expressions, ifs or fors stand in one another too deep; {% set %} helps.", node.lineno)
        if count > _MAX_NODES:
            raise Misfit(f"this template has more than {_MAX_NODES:,} names, values and operations.")
        level = [
            (child, loops + isinstance(node, nodes.For)) for node, loops in level for child in node.iter_child_nodes()
        ]


class Rewriter(NodeTransformer):
    """Checks every part of a template and turns it into our operations. Raises Misfit."""

    def __init__(self, tree: nodes.Template, blank: str) -> None:
        self.names: set[str] = set()
        self._read: dict[tuple[str, str], int] = {}
        self._asked: set[tuple[str, str]] = set()
        self._whole: Counter[str] = Counter()
        self._lenient = 0
        self._set = {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"}
        self._loops = 0
        self._blank = blank

    def visit_Name(self, node: nodes.Name) -> nodes.Node:
        """A name that is read must be known; one that is set must be new."""
        name = node.name
        if node.ctx != "load":
            if name in NAMES or name in FUNCTIONS or name in {"loop", "self"}:
                _refuse(node, f"{show(name)} is a name of its own and can't be set; set another.")
        elif name in NAMES:
            self.names.add(name)
            self._whole[name] += 1
        elif name == "loop":
            if not self._loops:
                _refuse(node, "'loop' is known within a for only.")
        elif name in FUNCTIONS and name not in self._set:
            _refuse(node, f"{show(name)} is a function: write {name}(…).")
        elif name not in self._set:
            _refuse(node, _unknown(name, "name", [*NAMES, *self._set]))
        return node

    def visit_NSRef(self, node: nodes.NSRef) -> nodes.Node:
        """A field of a namespace is set."""
        if node.name not in self._set:
            _refuse(node, f"{show(node.name)} is no namespace: {{% set {node.name} = namespace() %}} makes one.")
        _public(node, node.attr)
        return node

    def visit_Const(self, node: nodes.Const) -> nodes.Node:
        """A number has a bound."""
        value = node.value
        if value.bit_length() > MAX_BITS if isinstance(value, int) else value == math.inf:
            _refuse(node, TOO_LARGE)
        if isinstance(value, str) and self._blank:
            node.value = value.replace(self._blank, "\r")
        return node

    def visit_TemplateData(self, node: nodes.TemplateData) -> nodes.Node:
        """Carriage returns come back."""
        if self._blank:
            node.data = node.data.replace(self._blank, "\r")
        return node

    def visit_For(self, node: nodes.For) -> nodes.Node:
        """What is gone over is paid for by what a turn costs."""
        if node.recursive:
            _refuse(node, "a for can't be recursive here.")
        inside = [*node.body, *([node.test] if node.test else [])]
        parts = [part for top in inside for part in _within(top)]
        static = sum(len(part.data) for part in parts if isinstance(part, nodes.TemplateData))
        node.target = self.visit(node.target)
        node.iter = _done("_each", self.visit(node.iter), nodes.Const(len(parts) + 1), nodes.Const(static))
        node.else_ = [self.visit(part) for part in node.else_]
        self._loops += 1
        node.test = node.test and self.visit(node.test)
        node.body = [self.visit(part) for part in node.body]
        self._loops -= 1
        return node

    def visit_AssignBlock(self, node: nodes.AssignBlock) -> nodes.Node:
        """What is captured has a bound."""
        if node.filter is not None:
            _refuse(node, "a set over several lines takes no filter; use the filter where the name is read.")
        self.generic_visit(node)
        node.filter = nodes.Filter(None, "_captured", [], [], None, None, lineno=node.lineno)
        return node

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:
        """A tuple is a list, as in JSON."""
        self.generic_visit(node)
        return node if node.ctx != "load" else nodes.List(node.items, lineno=node.lineno)

    def visit_CondExpr(self, node: nodes.CondExpr) -> nodes.Node:
        """Without else it is empty."""
        self.generic_visit(node)
        node.expr2 = node.expr2 or nodes.Const("")
        return node

    def visit_Getattr(self, node: nodes.Getattr) -> nodes.Node:
        """`value.name`."""
        _public(node, node.attr)
        label = _label(node.node)
        self._known(node, node.node, node.attr)
        return _done("_attribute", self.visit(node.node), nodes.Const(node.attr), nodes.Const(label))

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:
        """`value[key]` or `value[start:stop]`."""
        key = node.arg
        if isinstance(key, nodes.Slice):
            bounds = [self.visit(one) if one else nodes.Const(None) for one in (key.start, key.stop, key.step)]
            return _done("_slice", self.visit(node.node), *bounds)
        if isinstance(key, nodes.Const) and isinstance(key.value, str):
            self._known(node, node.node, key.value)
        label = _label(node.node)
        return _done("_item", self.visit(node.node), self.visit(key), nodes.Const(label))

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        """A function or a method by its name."""
        _no_stars(node)
        called = node.node
        args = [self.visit(one) for one in node.args]
        kwargs = [self.visit(one) for one in node.kwargs]
        if isinstance(called, nodes.Getattr):
            self._method(called, node.args)
            head = [nodes.Const(called.attr), nodes.Const(_label(called.node))]
            return _done("_method", self.visit(called.node), *head, *args, kwargs=kwargs)
        name = called.name if isinstance(called, nodes.Name) else ""
        if name not in FUNCTIONS or name in self._set:
            what = show(name) if name else "this"
            _refuse(node, f"{what} can't be called: {', '.join(FUNCTIONS)} can, and methods such as text.upper().")
        _fitting(node, name, FUNCTIONS[name], 1)
        return _done("_function", nodes.Const(name), *args, kwargs=kwargs)

    def visit_Filter(self, node: nodes.Filter) -> nodes.Node:
        """A filter by its name."""
        _known_word(node, node.name, "filter", FILTERS)
        _fitting(node, node.name, FILTERS[node.name], 2)
        first = node.args[0].value if node.args and isinstance(node.args[0], nodes.Const) else None
        if node.name == "regex_search" and isinstance(first, str):
            _searchable(node, first)
            self.generic_visit(node)
            node.name = "_search"
            return node
        if node.name in _GETS_ATTRIBUTE:
            table, place = (FILTERS, 0) if node.name == "map" else (TESTS, int(node.name.endswith("attr")))
            word = node.args[place] if len(node.args) > place else None
            if isinstance(word, nodes.Const):
                _known_word(node, word.value, "filter" if table is FILTERS else "test", table)
        return self._visited(node, lenient=node.name in _LENIENT)

    def visit_Test(self, node: nodes.Test) -> nodes.Node:
        """A test by its name."""
        _known_word(node, node.name, "test", TESTS)
        _fitting(node, node.name, TESTS[node.name], 2)
        return self._visited(node, lenient=node.name in _LENIENT)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        """`a ~ b`."""
        return _done("_join", *(self.visit(one) for one in node.nodes))

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:
        """`a < b <= c`."""
        for sign in node.ops:
            if sign.op in {"in", "notin"} and isinstance(node.expr, nodes.Const):
                self._reads(sign.expr, node.expr.value, sure=False)
        pairs = ((nodes.Const(sign.op), self.visit(sign.expr)) for sign in node.ops)
        return _done("_compare", self.visit(node.expr), *(one for pair in pairs for one in pair))

    def _calculate(self, node: nodes.BinExpr) -> nodes.Node:
        return _done("_calculate", self.visit(node.left), nodes.Const(node.operator), self.visit(node.right))

    visit_Add = visit_Sub = visit_Mul = visit_Div = visit_FloorDiv = visit_Mod = visit_Pow = _calculate

    def _sign(self, node: nodes.UnaryExpr) -> nodes.Node:
        return _done("_sign", self.visit(node.node), nodes.Const(node.operator))

    visit_Neg = visit_Pos = _sign

    def _visited(self, node: nodes.Node, *, lenient: bool) -> nodes.Node:
        self._lenient += lenient
        made = self.generic_visit(node)
        self._lenient -= lenient
        return made

    def _known(self, node: nodes.Node, value: nodes.Node, name: str) -> None:
        """Refuse to read what a name is known not to have; remember the keys of names that have their own."""
        self._reads(value, name, sure=not self._lenient)
        kind = _TYPES.get(value.name) if isinstance(value, nodes.Name) else None
        if kind is None or name in FIELDS[kind]:
            return
        label = _label(value)
        if name in names_of(kind):
            _refuse(node, f"{label}.{name} is a method: write {label}.{name}(…).")
        _refuse(node, _unknown(name, f"field of {label}", [*FIELDS[kind], *names_of(kind)]))

    def _reads(self, value: nodes.Node, key: object, *, sure: bool) -> None:
        if isinstance(value, nodes.Name) and value.name in _KEYED and isinstance(key, str):
            self._whole[value.name] -= 1
            self._read.setdefault((value.name, key), value.lineno)
            if not sure:
                self._asked.add((value.name, key))

    def facts(self) -> Facts:
        """What the template reads."""
        return Facts(
            frozenset(self.names),
            frozenset(key for name, key in self._read if name == "state"),
            frozenset(self._read),
            tuple((*read, line) for read, line in self._read.items() if read not in self._asked),
            frozenset(name for name in _KEYED if self._whole[name] > 0),
        )

    def _method(self, node: nodes.Getattr, args: list[nodes.Expr]) -> None:
        name = node.attr
        _public(node, name)
        kind = _TYPES.get(node.node.name) if isinstance(node.node, nodes.Name) else None
        names = names_of(kind) if kind else sorted({one for table in METHODS.values() for one in table})
        if name not in names:
            hint = "; the filter 'format' is there" if name == "format" else ""
            _refuse(node, _unknown(name, "method in templates", names, hint))
        if name == "get" and args and isinstance(args[0], nodes.Const):
            self._reads(node.node, args[0].value, sure=False)


def _done(name: str, value: nodes.Expr, *args: nodes.Expr, kwargs: Iterable[nodes.Keyword] = ()) -> nodes.Filter:
    """Make an operation of ours, which Jinja takes for a filter."""
    return nodes.Filter(value, name, list(args), list(kwargs), None, None, lineno=value.lineno or 1)


def _within(node: nodes.Node) -> Iterable[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _within(child)


def _label(node: nodes.Node) -> str:
    """Write what is read, for the sentences that say what is not there."""
    match node:
        case nodes.Name():
            label = node.name
        case nodes.Getattr():
            label = f"{_label(node.node)}.{node.attr}"
        case nodes.Getitem(arg=nodes.Const(value=value)):
            label = f"{_label(node.node)}[{show(value)}]"
        case nodes.Call(node=nodes.Name() | nodes.Getattr()):
            label = f"{_label(node.node)}(…)"
        case _:
            label = "this value"
    return label if len(label) <= _MAX_LABEL else "this value"


def _refuse(node: nodes.Node, sentence: str) -> NoReturn:
    raise Misfit(sentence, node.lineno)


def _unknown(word: object, what: str, known: Iterable[str], hint: str = "") -> str:
    """Say that a word is not known, and what it may have meant or what is known."""
    names = sorted(known)
    near = suggestion(word, names) if isinstance(word, str) and not hint else ""
    few = f" There are {', '.join(names)}." if not near and not hint and len(names) <= len(NAMES) + 2 else ""
    return f"{show(word)} is no {what}{hint}.{near or few}"


def _known_word(node: nodes.Node, word: object, what: str, table: Mapping[str, object]) -> None:
    if word not in table:
        _refuse(node, _unknown(word, f"{what} in templates", table))


def _public(node: nodes.Node, name: str) -> None:
    if name.startswith("_"):
        _refuse(
            node, f"{show(name)} begins with an underscore and can't be read; a key of JSON can, as [{show(name)}]."
        )


def _no_stars(node: Any) -> None:
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        _refuse(node, "'*' and '**' can't stand in parentheses here; write each value.")


def _fitting(node: Any, name: str, taker: Callable[..., object], given: int) -> None:
    """Refuse arguments that a filter, test or function does not take."""
    _no_stars(node)
    signature = inspect.signature(taker)
    try:
        signature.bind(*[None] * (given + len(node.args)), **{one.key: None for one in node.kwargs})
    except TypeError:
        takes = ", ".join(str(one).partition(":")[0] for one in list(signature.parameters.values())[given:])
        _refuse(node, f"{name} takes ({takes}) in its parentheses, which this does not fit.")


def _searchable(node: nodes.Node, pattern: str) -> None:
    try:
        searching(pattern)
    except ValueError as error:
        _refuse(node, f"regex_search: {error}")
