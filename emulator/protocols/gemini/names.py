"""The fields of a request by either of their names.

"Parsers accept both the lowerCamelCase name … and the original proto field name" – protobuf.dev, ProtoJSON
(2026-11-20); clients send both in one body. Vertex AI's examples send one object where a list of them is meant.
"""

from __future__ import annotations

import re
from functools import cache

from emulator.types import Json

__all__ = ["get", "known", "listed", "options_named", "snake", "struct"]


def get(item: Json, name: str) -> Json:
    """The field of this name; in snake_case where it is not there in camelCase."""
    value = item.get(name)
    return item.get(snake(name)) if value is None and item else value


@cache
def snake(name: str) -> str:
    """The original name of a field: `topP` is `top_p`."""
    return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name)


def known(*names: str) -> frozenset[str]:
    """The names that an object can have, in both spellings."""
    return frozenset(names) | {snake(name) for name in names}


def options_named(*names: str) -> frozenset[str]:
    """The same of fields of generationConfig, as the rules call them: `.topP`."""
    return frozenset(f".{name}" for name in known(*names))


def struct(value: Json) -> Json:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: Json) -> list[Json]:
    """The objects of a list; one object stands for a list of it."""
    items = [value] if isinstance(value, dict) else value
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
