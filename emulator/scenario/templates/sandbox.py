"""Where templates are compiled and run: Jinja's immutable sandbox, with nothing of its own left in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final, NoReturn

from jinja2 import TemplateError, TemplateSyntaxError, nodes, pass_context
from jinja2.environment import Template as Code
from jinja2.sandbox import ImmutableSandboxedEnvironment
from msgspec import Struct

from emulator.scenario.templates.bounds import MAX_OUTPUT, Absent, Run, plain, whole, written
from emulator.scenario.templates.checks import TESTS
from emulator.scenario.templates.filters import FILTERS, search
from emulator.scenario.templates.grammar import MAX_SOURCE, Tokens, blank_for, complaint
from emulator.scenario.templates.methods import method
from emulator.scenario.templates.operations import OPERATIONS
from emulator.scenario.templates.outcome import Failed, Misfit
from emulator.scenario.templates.syntax import Facts, Rewriter, measured
from emulator.types import Json

__all__ = ["Made", "compiled"]

Render = Callable[[Any], Iterator[str]]


class Sandbox(ImmutableSandboxedEnvironment):
    """The sandbox. What a template reads and calls goes through our operations; these doors of Jinja's stay shut."""

    @cached_property
    def lexer(self) -> Tokens:
        """Cut a text into tokens."""
        return Tokens(self)

    def _shut(self, *_: object, **__: object) -> NoReturn:
        raise Failed("this can't be done in a template")

    getattr = getitem = call = call_binop = call_unop = call_filter = call_test = _shut


def _passed(operation: Callable[..., Any]) -> Callable[..., Any]:
    """Give an operation the run it belongs to. Jinja then also never runs it while it compiles."""

    @pass_context
    def passed(run: Any, /, *args: Any, **kwargs: Any) -> Any:
        return operation(run, *args, **kwargs)

    return passed


def _sandbox() -> Sandbox:
    made = Sandbox(
        undefined=Absent,
        finalize=_passed(written),
        optimized=False,  # what it would work out beforehand is not bounded
        autoescape=False,
        keep_trailing_newline=True,
        cache_size=0,
        auto_reload=False,
    )
    made.globals = {}
    takers: dict[str, Callable[..., Any]] = {**FILTERS, **OPERATIONS, "_method": method, "_search": search}
    made.filters = {name: _passed(taker) for name, taker in takers.items()}
    made.tests = {name: _passed(taker) for name, taker in TESTS.items()}
    return made


_SANDBOX: Final = _sandbox()
_VALUE: Final = "value"


class Made(Struct, frozen=True):
    """A compiled template."""

    render: Render
    facts: Facts
    """What it reads."""
    expression: bool
    """It is one expression and nothing else: rendering says nothing and sets one name."""

    def text(self, scope: Mapping[str, object]) -> str:
        """What it says. Raises Failed."""
        run = Run(scope)
        try:
            if self.expression:
                return whole(written(run, self._evaluated(run)))
            return whole("".join(_counted(self.render(run))))
        except Failed:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a template does is its author's to read
            raise Failed(_sentence(error)) from None

    def value(self, scope: Mapping[str, object]) -> Json:
        """What its expression gives, as JSON; the text where it is more than an expression. Raises Failed."""
        if not self.expression:
            return self.text(scope)
        run = Run(scope)
        try:
            value = plain(run, self._evaluated(run))
        except Failed:
            raise
        except Exception as error:  # noqa: BLE001
            raise Failed(_sentence(error)) from None
        return value

    def _evaluated(self, run: Run) -> object:
        for _ in self.render(run):
            pass
        return run.vars[_VALUE]


def compiled(source: str) -> Made:
    """Compile a template. Raises Misfit."""
    if len(source) > MAX_SOURCE:
        raise Misfit(f"this template has {len(source):,} characters; at most {MAX_SOURCE:,} are read.")
    try:
        return _compiled(source)
    except Misfit:
        raise
    except TemplateSyntaxError as error:
        raise Misfit(complaint(error), error.lineno) from None
    except (RecursionError, MemoryError):
        raise Misfit("expressions, ifs or fors stand in one another too deep; {% set %} helps.") from None
    except Exception as error:  # noqa: BLE001 - whatever it is, the template can't be used
        raise Misfit(f"this can't be read as a template: {str(error)[:200]}.") from None


def _compiled(source: str) -> Made:
    blank = blank_for(source)
    tree = _SANDBOX.parse(source.replace("\r", blank) if blank else source)
    measured(tree)
    rewriter = Rewriter(tree, blank)
    tree = rewriter.visit(tree)
    expression = _only_expression(tree)
    if expression is not None:
        tree.body = [nodes.Assign(nodes.Name(_VALUE, "store"), expression, lineno=1)]
    code = Code.from_code(_SANDBOX, _SANDBOX.compile(tree), {})
    return Made(code.root_render_func, rewriter.facts(), expression=expression is not None)


def _only_expression(tree: nodes.Template) -> nodes.Expr | None:
    match tree.body:
        case [nodes.Output(nodes=[only])] if not isinstance(only, nodes.TemplateData):
            return only
    return None


def _counted(pieces: Iterator[str]) -> Iterator[str]:
    left = MAX_OUTPUT
    for piece in pieces:
        left -= len(piece)
        if left < 0:
            raise Failed(f"it gives more than {MAX_OUTPUT:,} characters")
        yield piece


def _sentence(error: Exception) -> str:
    said = str(error)[:300]
    words = (words for part, words in _PARTS.items() if part in said)
    kinds = (words for types, words in _SENTENCES.items() if isinstance(error, types))
    return next(words, next(kinds, f"it can't be worked out: {said}")) or said


_PARTS: Final = {
    "unpack": "a for or a set has not as many names as there are values",
    "unhashable": "a key of an object is a text, not a list or an object",
    "non-namespace": "only a namespace() has fields that can be set",
}
_SENTENCES: Final[Mapping[type, str]] = {
    TemplateError: "",
    ZeroDivisionError: "it divides by zero",
    OverflowError: "a number gets out of range",
    RecursionError: "it nests too deep",
    MemoryError: "it takes too much memory",
}
