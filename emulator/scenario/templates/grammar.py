"""What a template may be written with: its length, its brackets, its tags, and Jinja's complaints in our words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from jinja2 import TemplateSyntaxError
from jinja2.lexer import Lexer

from emulator.scenario.templates.outcome import Misfit
from emulator.scenario.wording import show, suggestion

__all__ = ["MAX_SOURCE", "TOO_LARGE", "Tokens", "blank_for", "complaint"]

MAX_SOURCE: Final = 100_000
_MAX_BRACKETS: Final = 24
_MAX_DIGITS: Final = 500
TOO_LARGE: Final = "a number larger than 10**400 can't be used."
_TAGS: Final = ("if", "for", "set", "raw", "elif", "else", "endif", "endfor", "endset", "endraw", "print")
_REFUSED: Final = (
    *("autoescape", "block", "break", "call", "continue", "debug", "do", "extends", "filter", "from", "import"),
    *("include", "macro", "pluralize", "trans", "with"),
)
"""Tags that Jinja and its extensions know: nobody who writes one means another."""
_ESCAPE: Final = re.compile(r"\\([4-7][0-7]{2}|.)", re.DOTALL)
_KNOWN_ESCAPES: Final = frozenset("\n\\'\"abfnrtv01234567xuUN")
_BLANKS: Final = "\x1c\x1d\x1e\x1f\x85\u2028\u2029\u2000"
"""Characters that count as blanks, one of which stands in for a carriage return while Jinja makes them line feeds."""


class Tokens(Lexer):
    """Jinja's lexer, which also refuses what no template may have: deep brackets, tags other than a few."""

    def tokeniter(
        self, source: str, name: str | None, filename: str | None = None, state: str | None = None
    ) -> Iterator[tuple[int, str, str]]:
        """Give line, kind and text of each token."""
        before, depth = "", 0
        for line, kind, text in super().tokeniter(source, name, filename, state):
            if kind == "operator":
                depth += (text in "([{") - (text in ")]}")
                if depth > _MAX_BRACKETS:
                    raise Misfit(f"brackets stand in one another more than {_MAX_BRACKETS} deep.", line)
            elif kind == "name" and before == "block_begin" and text not in _TAGS:
                raise Misfit(_no_tag(text), line)
            elif kind == "integer" and len(text) > _MAX_DIGITS:
                raise Misfit(TOO_LARGE, line)
            yield line, kind, _ESCAPE.sub(_known, text) if kind == "string" else text
            before = before if kind == "whitespace" else kind


def blank_for(source: str) -> str:
    """Give a blank that the source does not have, to stand in for its carriage returns; empty where none is needed."""
    return next((blank for blank in _BLANKS if blank not in source), "") if "\r" in source else ""


def complaint(error: TemplateSyntaxError) -> str:
    """Say in a sentence why Jinja can't read a template."""
    message = error.message or ""
    for pattern, words in _COMPLAINTS:
        if found := pattern.match(message):
            return words.format(*(_named(group) for group in found.groups()))
    return f"this can't be read as a template: {message[:1].lower()}{message[1:200].rstrip('.')}."


def _no_tag(text: str) -> str:
    near = "" if text in _REFUSED else suggestion(text, list(_TAGS))
    return f"the tag {show(text)} is not known in templates; if, for, set and raw are.{near}"


def _known(escape: re.Match[str]) -> str:
    # A regex's \d stays as it is. Python takes it so too, but warns.
    return escape[0] if escape[1] in _KNOWN_ESCAPES else "\\" + escape[0]


def _named(token: str) -> str:
    return _TOKENS.get(token, show(token))


_TOKENS: Final = {
    "end of print statement": "'}}'",
    "end of statement block": "'%}'",
    "end of template": "the end of the text",
    "begin of statement block": "'{%'",
    "begin of print statement": "'{{'",
    "name": "a name",
    "string": "a text in quotes",
    "integer": "a number",
    "float": "a number",
    "assign": "'='",
}
_COMPLAINTS: Final = tuple(
    (re.compile(pattern, re.DOTALL), words)
    for pattern, words in (
        (r"expected token '(.*)', got '(.*)'$", "{1} stands where {0} is wanted."),
        (r"unexpected '(.*)', expected '(.*)'$", "{0} stands where {1} is wanted."),
        (r"unexpected end of template, expected '(.*)'", "the text ends where {0} is wanted."),
        (r"[Uu]nexpected '(.*)'$", "{0} is not expected here."),
        (r"Expected an expression, got '(.*)'$", "{0} stands where an expression is wanted."),
        (r"unexpected char (?:\"'\"|'\"') at \d+$", "a quote is opened here and never closed."),
        (r"unexpected char '(.*)' at \d+$", "the character {0} means nothing here."),
        (r"Unexpected end of template.*needs to be closed is '(\w+)'", "the tag {0} is never closed."),
        (r"Unexpected end of template", "the text ends within a tag."),
        (r"Encountered unknown tag '(\w+)'", "the tag {0} closes or continues nothing here."),
        (r"Missing end of comment tag", "a comment is never closed: '#}}' is missing."),
        (r"Missing end of raw directive", "the tag 'raw' is never closed: '{{% endraw %}}' is missing."),
        (r"tag name expected", "'{{%' is followed by no tag; if, for, set and raw are known."),
        (r"can't assign to", "a value can't be set, a name can."),
        (r"expected name or number", "after a dot a name is wanted."),
        (r"expected subscript expression", "between brackets a key or a number is wanted."),
        (r"invalid syntax for function call", "in parentheses, name=value stands after the values."),
    )
)
