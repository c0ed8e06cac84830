"""The filters of templates: Jinja's safe ones, with its names and arguments, and a few of ours."""

from __future__ import annotations

import base64
import functools
import math
import re
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, Final
from urllib.parse import quote, quote_plus

import re2

from emulator import jsontext
from emulator.scenario import patterns
from emulator.scenario.templates.bounds import Absent, Run, kind, plain, present, whole, written
from emulator.scenario.templates.checks import TESTS
from emulator.scenario.templates.operations import arithmetic, bounded, compare, formatted, item, sized
from emulator.scenario.templates.outcome import Failed
from emulator.scenario.wording import suggestion
from emulator.types import Json, count_tokens

__all__ = ["FILTERS", "search", "searching"]

_WORD: Final = re.compile(r"[^-\s({\[<]+")
_COMPILING: Final = 16
"""Units for an instruction of a regex that is made as the template runs."""
_MAX_PATTERN_MEMORY: Final = 1024 * 1024


def _on_text(change: Callable[[str], str], cost: int = 4) -> Callable[[Run, object], str]:
    """Make a filter of what changes a text. `cost`: two to so many characters are one unit."""

    def changed(run: Run, value: object) -> str:
        text = written(run, value)
        run.spend(len(text) >> cost)
        return run.made(change(text))

    return changed


def _title(text: str) -> str:
    return _WORD.sub(lambda word: word[0][0].upper() + word[0][1:].lower(), text)


def _wordcount(run: Run, value: object) -> int:
    text = written(run, value)
    run.spend(len(text) >> 1)
    return sum(1 for _ in re.finditer(r"\w+", text))


def _trim(run: Run, value: object, chars: str | None = None) -> str:
    return run.made(written(run, value).strip(chars))


def _replace(run: Run, value: object, old: object, new: object, count: int | None = None) -> str:
    text, before, after = written(run, value), written(run, old), written(run, new)
    found = text.count(before)
    times = found if count is None or count < 0 else min(found, count)
    run.fits(len(text) + times * (len(after) - len(before)))
    return run.made(text.replace(before, after, times))


def _truncate(run: Run, value: object, length: Json = 255, killwords: bool = False, end: str = "...") -> str:  # noqa: FBT001, FBT002 - as Jinja has it
    text = written(run, value)
    if not isinstance(length, int) or length < len(end):
        raise Failed(f"truncate takes a length of {len(end)} or more, as long as what marks the end")
    leeway = 5  # as Jinja has it
    if len(text) <= length + leeway:
        return text
    cut = text[: length - len(end)]
    return run.made((cut if killwords else cut.rsplit(" ", 1)[0]) + end)


def _join(run: Run, value: object, d: object = "", attribute: str | None = None) -> str:
    texts = [written(run, one) for one in _picked(run, value, attribute)]
    between = written(run, d)
    run.fits(sum(map(len, texts)) + len(between) * max(len(texts) - 1, 0))
    return run.made(between.join(texts))


def _b64encode(run: Run, value: object) -> str:
    return run.made(base64.b64encode(whole(written(run, value)).encode()).decode())


def _urlencode(run: Run, value: object) -> str:
    if isinstance(value, Mapping):
        pairs = [(written(run, key), written(run, one)) for key, one in value.items()]
        run.spend(sum(len(key) + len(one) for key, one in pairs))
        return run.made("&".join(f"{quote_plus(whole(key))}={quote_plus(whole(one))}" for key, one in pairs))
    text = written(run, value)
    run.spend(len(text))
    return run.made(quote(whole(text)))


def _json(run: Run, value: object) -> str:
    return run.made(jsontext.dumps(plain(run, value)).decode(errors="replace"))


def _tokens(run: Run, value: object) -> int:
    return count_tokens(whole(written(run, value)))


def _regex_search(run: Run, value: object, pattern: str) -> str:
    if not isinstance(pattern, str):
        raise Failed(f"regex_search takes a regex, not {kind(pattern)}")
    try:
        run.spend(_COMPILING * searching(pattern).programsize)
    except ValueError as error:
        raise Failed(f"regex_search: {error}") from None
    return search(run, value, pattern)


def search(run: Run, value: object, pattern: str) -> str:
    """Give the first group of a search, or the whole match; empty where nothing matches."""
    text = whole(written(run, value))
    found = searching(pattern)
    # In the worst case RE2 looks at its whole program for every character.
    run.spend(1 + len(text) * found.programsize // 16)
    match = found.search(text)
    return run.made((match[1] if match.re.groups else match[0]) or "") if match else ""


@functools.lru_cache(maxsize=256)
def searching(pattern: str) -> Any:
    """Compile a regex. Raises ValueError with a sentence."""
    patterns.searcher(pattern)
    options = re2.Options()
    options.max_mem = _MAX_PATTERN_MEMORY
    options.log_errors = False
    return re2.compile(pattern, options)


def _int(_: Run, value: object, default: int = 0, base: int = 10) -> int:
    try:
        number = int(value, base) if isinstance(value, str) else int(value)  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        number = _float(_, value, math.nan)
    if isinstance(number, float) and not math.isfinite(number):
        return default
    return int(bounded(int(number)))


def _float(_: Run, value: Any, default: float = 0.0) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return default
    return number if math.isfinite(number) else default


def _abs(_: Run, value: float) -> float:
    return abs(value)


def _round(_: Run, value: Json, precision: Json = 0, method: str = "common") -> float:
    if not isinstance(value, int | float) or not isinstance(precision, int) or abs(precision) > 20:  # noqa: PLR2004
        raise Failed("round takes a number, and how many digits: at most 20")
    match method:
        case "common":
            return round(value, precision)
        case "ceil" | "floor":
            scale: float = 10**precision
            return float(getattr(math, method)(value * scale) / scale)
    raise Failed("round rounds by 'common', 'ceil' or 'floor'")


def _length(_: Run, value: object) -> int:
    return len(sized(value))


def _list(run: Run, value: object) -> list[Json]:
    items = sized(value)
    run.room(len(items))
    return list(items)


def _items(run: Run, value: object) -> list[Json]:
    if not isinstance(value, Mapping):
        raise Failed(f"items takes an object, not {kind(value)}")
    run.room(len(value))
    return [[key, one] for key, one in value.items()]


def _first(_: Run, value: object) -> object:
    return next(iter(sized(value)), Absent("'first' finds nothing: it is empty"))


def _last(_: Run, value: object) -> object:
    return next(reversed(sized(value)), Absent("'last' finds nothing: it is empty"))  # type: ignore[call-overload]


def _reverse(run: Run, value: object) -> str | list[Json]:
    if isinstance(value, str):
        run.fits(len(value))
        return run.made(value[::-1])
    return _list(run, value)[::-1]


def _sum(run: Run, value: object, attribute: str | None = None, start: Json = 0) -> Json:
    for one in _picked(run, value, attribute):
        start = arithmetic(run, start, "+", one)
    return start


def _extreme(sign: str) -> Callable[..., object]:
    def extreme(run: Run, value: object, case_sensitive: bool = False, attribute: str | None = None) -> object:  # noqa: FBT001, FBT002
        best: tuple[object, object] | None = None
        for one in _paid(run, value):
            key = _folded(_dug(run, one, attribute), case_sensitive=case_sensitive)
            if best is None or compare(run, key, sign, best[0]):
                best = key, one
        return best[1] if best else Absent("the smallest and the largest of nothing is nothing")

    return extreme


def _sort(
    run: Run,
    value: object,
    reverse: bool = False,  # noqa: FBT001, FBT002 - as Jinja has it
    case_sensitive: bool = False,  # noqa: FBT001, FBT002
    attribute: str | None = None,
) -> list[Json]:
    items = _paid(run, value)
    keys: list[Any] = [_folded(_dug(run, one, attribute), case_sensitive=case_sensitive) for one in items]
    present(*keys)
    if not (all(isinstance(key, str) for key in keys) or all(isinstance(key, int | float) for key in keys)):
        raise Failed("sort takes all texts or all numbers; attribute= names what to sort objects by")
    run.spend(sum(len(str(key)) + 1 for key in keys) * len(keys).bit_length() >> 2)
    ranks = sorted(range(len(items)), key=lambda rank: keys[rank], reverse=bool(reverse))
    return [items[rank] for rank in ranks]


def _dictsort(run: Run, value: object, case_sensitive: bool = False, by: str = "key") -> list[Json]:  # noqa: FBT001, FBT002
    return _sort(run, _items(run, value), case_sensitive=case_sensitive, attribute="1" if by == "value" else "0")


def _unique(run: Run, value: object, case_sensitive: bool = False, attribute: str | None = None) -> list[Json]:  # noqa: FBT001, FBT002
    seen: dict[bytes, Json] = {}
    for one in _paid(run, value):
        key = _folded(_dug(run, one, attribute), case_sensitive=case_sensitive)
        seen.setdefault(jsontext.dumps(plain(run, key)), one)
    return list(seen.values())


def _map(run: Run, value: object, name: str = "", *args: Any, **kwargs: Any) -> list[object]:
    if not name:
        default = kwargs.get("default")
        found = _picked(run, value, kwargs.get("attribute"))
        return [default if default is not None and isinstance(one, Absent) else one for one in found]
    apply = _known(FILTERS, name, "filter")
    return [apply(run, one, *args, **kwargs) for one in _paid(run, value)]


def _chosen(*, wanted: bool, by_attribute: bool) -> Callable[..., list[Json]]:
    def chosen(run: Run, value: object, *args: Any) -> list[Json]:
        path, rest = (args[0], args[1:]) if by_attribute else (None, args)
        test = _known(TESTS, rest[0], "test") if rest else lambda _, one: bool(one)
        return [one for one in _paid(run, value) if test(run, _dug(run, one, path), *rest[1:]) is wanted]

    return chosen


def _default(_: Run, value: object, default_value: object = "", boolean: bool = False) -> object:  # noqa: FBT001, FBT002
    return default_value if isinstance(value, Absent) or (boolean and not value) else value


def _careful(name: str, apply: Callable[..., Any]) -> Callable[..., Any]:
    """Make a filter fail in a sentence where a value is not there or does not suit it."""
    takes_absent = name in {"d", "default"}

    @functools.wraps(apply)
    def careful(run: Run, value: object, *args: Any, **kwargs: Any) -> Any:
        if not takes_absent:
            present(value, *args, *kwargs.values())
        try:
            return apply(run, value, *args, **kwargs)
        except (TypeError, ValueError, AttributeError, IndexError):
            given = ", ".join(map(kind, (*args, *kwargs.values())))
            raise Failed(f"{name} can't take {kind(value)}{given and f' with {given}'}") from None

    return careful


def _known(table: Mapping[str, Callable[..., Any]], name: object, what: str) -> Callable[..., Any]:
    if not isinstance(name, str) or name not in table:
        near = suggestion(name, sorted(table)) if isinstance(name, str) else ""
        raise Failed(f"'{name}' is no {what}.{near}" if near else f"'{name}' is no {what}")
    return table[name]


def _paid(run: Run, value: object) -> list[Json]:
    items = _list(run, value)
    run.spend(16 * len(items))
    return items


def _picked(run: Run, value: object, path: str | None) -> list[object]:
    return [_dug(run, one, path) for one in (_paid if path else _list)(run, value)]


def _dug(run: Run, value: object, path: str | int | None) -> object:
    """Read along a path such as `name.first` or `items.0`."""
    if path is None:
        return value
    steps = path.split(".", 20) if isinstance(path, str) else [path]
    for step in islice(steps, 20):
        index = int(step) if isinstance(step, str) and re.fullmatch("[0-9]{1,6}", step) else step
        value = item(run, value, index, "an item")
    return value


def _folded(value: object, *, case_sensitive: bool) -> object:
    return value.lower() if isinstance(value, str) and not case_sensitive else value


_FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "abs": _abs,
    "b64encode": _b64encode,
    "capitalize": _on_text(str.capitalize),
    "count": _length,
    "d": _default,
    "default": _default,
    "dictsort": _dictsort,
    "first": _first,
    "float": _float,
    "format": lambda run, value, *args, **kwargs: formatted(run, written(run, value), *args, **kwargs),
    "int": _int,
    "items": _items,
    "join": _join,
    "json": _json,
    "last": _last,
    "length": _length,
    "list": _list,
    "lower": _on_text(str.lower),
    "map": _map,
    "max": _extreme("gt"),
    "min": _extreme("lt"),
    "regex_search": _regex_search,
    "reject": _chosen(wanted=False, by_attribute=False),
    "rejectattr": _chosen(wanted=False, by_attribute=True),
    "replace": _replace,
    "reverse": _reverse,
    "round": _round,
    "select": _chosen(wanted=True, by_attribute=False),
    "selectattr": _chosen(wanted=True, by_attribute=True),
    "sort": _sort,
    "string": written,
    "sum": _sum,
    "title": _on_text(_title, 0),
    "tojson": _json,
    "tokens": _tokens,
    "trim": _trim,
    "truncate": _truncate,
    "unique": _unique,
    "upper": _on_text(str.upper),
    "urlencode": _urlencode,
    "wordcount": _wordcount,
}
FILTERS: Final = {name: _careful(name, apply) for name, apply in _FILTERS.items()}
"""Each takes the run and the value, then what stands in parentheses."""
