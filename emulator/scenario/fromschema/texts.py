"""Texts within lengths, of a format, of a pattern, or words that remind of the property they belong to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from emulator.scenario.fromschema.formats import FORMATS, WORDS
from emulator.scenario.fromschema.parts import Patterns
from emulator.scenario.fromschema.place import Place
from emulator.scenario.fromschema.regex import Tree
from emulator.scenario.fromschema.regextext import Writer, width
from emulator.scenario.fromschema.schema import MAX_TEXT, Node

__all__ = ["texts", "words", "written"]

_LONGEST_NAME: Final = 24
_PLAIN, _MIXED = 3, 12
_LETTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"


def texts(nodes: Sequence[Node], place: Place, patterns: Patterns) -> Iterator[str]:
    """Texts to try, the likeliest first. Whether one is as it must be is for the caller to look after."""
    least = max((node.count("minLength") or 0 for node in nodes), default=0)
    limits = [limit for node in nodes if (limit := node.count("maxLength")) is not None]
    most = min(limits, default=None)
    if least > MAX_TEXT:
        raise _first(nodes, "minLength").fails(f"minLength is {least:,}; at most {MAX_TEXT:,} characters are written.")
    if most is not None and most < least:
        raise _first(nodes, "maxLength").fails(f"no text is at least {least:,} and at most {most:,} characters long.")
    patterns.budget.spend(least // 20)
    named = [str(node.get("format")) for node in nodes if node.has("format")]
    named += ["byte" for node in nodes if node.get("contentEncoding") == "base64"]
    draw = place.draw()
    for name in named:
        if name in FORMATS:
            yield from (FORMATS[name].make(draw, least) for _ in range(_PLAIN))
    asked = [node for node in nodes if isinstance(node.get("pattern"), str)]
    for node in asked:
        yield from _padded(written(node, node.get("pattern"), place, patterns, (least, most)), least)
    if not asked:
        yield words(place, least, most)


def words(place: Place, least: int = 0, most: int | None = None) -> str:
    """Give a text for people: `city-amber` where the property is called city."""
    turn = place.pick(len(WORDS))
    word = WORDS[turn]
    number = f"-{place.turn // len(WORDS)}" if place.turn >= len(WORDS) else ""
    named = 0 < len(place.name) <= _LONGEST_NAME and place.name.isprintable()
    text = (f"{place.name}-{word}" if named else f"{word} {WORDS[(turn + 7) % len(WORDS)]}") + number
    if most is not None and len(text) > most:
        text = word + number
    if most is not None and len(text) > most:
        draw = place.draw()
        return "".join(draw.choice(_LETTERS) for _ in range(most))
    return text + _filler(place, least - len(text))


def written(
    node: Node, pattern: str, place: Place, patterns: Patterns, lengths: tuple[int, int | None] = (0, None)
) -> Iterator[str]:
    """Texts for a pattern: as they come, of every kind of characters, and of a length that fits."""
    tree = patterns.tree(node, pattern)
    least, most = lengths
    if width(tree) > (MAX_TEXT if most is None else most):
        raise node.fails(f"the shortest text of its pattern has {width(tree):,} characters, which is too long.")
    longer = max(0, least - width(tree))
    room = MAX_TEXT if most is None else most - width(tree)
    writers = [(False, None)] * _PLAIN + [(False, min(longer, room)), (False, 0)]
    writers += [(True, None), (True, min(longer + 8, room)), (True, min(longer, room))] * (_MIXED // 3)
    draw = place.draw()
    for mixed, spare in writers:
        yield _write(node, tree, Writer(draw, patterns.budget, mixed, spare))


def _write(node: Node, tree: Tree, writer: Writer) -> str:
    try:
        writer.write(tree)
    except ValueError as error:
        raise node.fails(f"its pattern {error}.") from None
    return "".join(writer.out)


def _padded(found: Iterator[str], least: int) -> Iterator[str]:
    """Each text, and those that are too short with something before or after them, for patterns without an edge."""
    for text in found:
        yield text
        if len(text) < least:
            filler = "x" * (least - len(text))
            yield text + filler
            yield filler + text


def _filler(place: Place, length: int) -> str:
    """Words of so many characters."""
    draw = place.draw()
    filler = ""
    while len(filler) < length:
        filler += " " + draw.choice(WORDS)
    return filler[:length].rstrip(" ").ljust(length, "x") if length > 0 else ""


def _first(nodes: Sequence[Node], key: str) -> Node:
    return next((node for node in nodes if node.has(key)), nodes[0])
