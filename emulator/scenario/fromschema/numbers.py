"""Numbers within bounds that a person can read: small integers, or two decimals."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Final

from emulator.scenario.fromschema.place import Place
from emulator.scenario.fromschema.schema import Node
from emulator.types import Json

__all__ = ["Bounds", "bounds", "fits", "numbers"]

_LIKED: Final = (Fraction(1), Fraction(99))
_SPAN: Final = 100
_CENT: Final = Fraction(1, 100)
_TRIES: Final = 24
_KEYS: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "format")
_WIDTHS: Final = {"int32": 31, "int64": 63}


class Bounds:
    """What all the schemas of one value ask of a number."""

    __slots__ = ("high", "high_open", "low", "low_open", "step")

    def __init__(self) -> None:
        self.low: Fraction | None = None
        self.high: Fraction | None = None
        self.low_open = self.high_open = False
        self.step: Fraction | None = None

    def above(self, limit: Fraction | None, *, exclusive: bool) -> None:
        """Take a lower limit into account."""
        if limit is not None and (self.low is None or (limit, exclusive) > (self.low, self.low_open)):
            self.low, self.low_open = limit, exclusive

    def below(self, limit: Fraction | None, *, exclusive: bool) -> None:
        """Take an upper limit into account."""
        if limit is not None and (self.high is None or (-limit, exclusive) > (-self.high, self.high_open)):
            self.high, self.high_open = limit, exclusive

    def multiple(self, step: Fraction) -> None:
        """Take a step into account: the least common multiple of all."""
        if self.step is None:
            self.step = step
        else:
            numerator = math.lcm(self.step.numerator * step.denominator, step.numerator * self.step.denominator)
            self.step = Fraction(numerator, self.step.denominator * step.denominator)

    def contains(self, number: Fraction) -> bool:
        """Whether a number is within the limits; the step is not asked."""
        return (
            (self.low is None or number > self.low or (number == self.low and not self.low_open))
            and (self.high is None or number < self.high or (number == self.high and not self.high_open))
        )  # fmt: skip


def bounds(nodes: Iterable[Node]) -> Bounds:
    """Merge what the schemas say of numbers."""
    merged = Bounds()
    for node in nodes:
        # Draft 4 and OpenAPI 3.0: a boolean beside the limit.
        merged.above(node.number("minimum"), exclusive=node.get("exclusiveMinimum") is True)
        merged.below(node.number("maximum"), exclusive=node.get("exclusiveMaximum") is True)
        merged.above(node.number("exclusiveMinimum"), exclusive=True)
        merged.below(node.number("exclusiveMaximum"), exclusive=True)
        if (step := node.number("multipleOf")) is not None:
            if step <= 0:
                raise node.fails(f"multipleOf is {float(step)}, which is not above 0.")
            merged.multiple(step)
        if (bits := _WIDTHS.get(str(node.get("format")))) is not None:
            merged.above(Fraction(-(2**bits)), exclusive=False)
            merged.below(Fraction(2**bits - 1), exclusive=False)
    return merged


def fits(node: Node, number: float) -> bool:
    """Whether a number holds under one schema. A multiple is one as validators find it, with floats where they are."""
    if not node.has(*_KEYS):
        return True
    written = Fraction(str(number))
    if not bounds([node]).contains(written):
        return False
    step = node.number("multipleOf")
    if step is not None and isinstance(node.get("multipleOf"), float):
        try:
            return (number / float(step)).is_integer()
        except OverflowError:
            return False
    return step is None or (written / step).denominator == 1


def numbers(nodes: Sequence[Node], place: Place, *, whole: bool) -> Iterator[Json]:
    """Numbers to try, the likeliest first. Those within the limits and on the step; rounding is not looked after."""
    merged = bounds(nodes)
    if whole:
        merged.multiple(Fraction(1))
    if merged.step is not None:
        yield from (_plain(count * merged.step) for count in _counts(merged, merged.step, place))
        return
    for cents in _counts(merged, _CENT, place):
        # Not a whole number where there is a choice: what asks for a number can tell it from an integer.
        up = cents + 1 if cents % 100 == 0 and merged.contains((cents + 1) * _CENT) else cents
        yield _plain(up * _CENT)
    if merged.low is not None and merged.high is not None:
        yield from (_plain(merged.low + (merged.high - merged.low) * share / 4) for share in (2, 1, 3, 0, 4))


def _counts(merged: Bounds, step: Fraction, place: Place) -> Iterator[int]:
    """How many steps: a few draws from the part of the range that is liked."""
    low, high = _range(merged, step)
    if low > high:
        return
    for turn in range(_TRIES):
        yield low + place.turned(turn).pick(high - low + 1)
    draw = place.draw()
    for _ in range(_TRIES):
        yield draw.randint(low, high)


def _range(merged: Bounds, step: Fraction) -> tuple[int, int]:
    """The first and the last count of steps to draw from; crossed where there is none."""
    least = None if merged.low is None else math.ceil(merged.low / step)
    most = None if merged.high is None else math.floor(merged.high / step)
    if least is not None and merged.low_open and least * step == merged.low:
        least += 1
    if most is not None and merged.high_open and most * step == merged.high:
        most -= 1
    low, high = math.ceil(_LIKED[0] / step), math.floor(_LIKED[1] / step)
    low, high = (low, high) if low <= high else (1, 9)
    first, last = (low if least is None else max(low, least)), (high if most is None else min(high, most))
    if first <= last:
        return first, last
    if least is not None:
        return least, least + _SPAN if most is None else min(least + _SPAN, most)
    return last - _SPAN, last


def _plain(number: Fraction) -> Json:
    """As an integer where it is one; or where a float can not hold it."""
    if number.denominator == 1:
        return int(number)
    try:
        return float(number)
    except OverflowError:
        return int(number)
