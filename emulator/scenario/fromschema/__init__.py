"""`from_schema: true`: a deterministic value that is valid under the JSON Schema of a request."""

from __future__ import annotations

import json

from emulator.scenario.fromschema.making import Maker
from emulator.scenario.fromschema.schema import Exhausted, Unsatisfiable
from emulator.types import Json

__all__ = ["Unsatisfiable", "value"]


def value(schema: Json, seed: str) -> Json:
    """Give a value that holds under the schema: the same for the same seed, in every process.

    All properties are there, up to a depth. Any JSON asked for (True, {}): an object.
    Bounded in time and size, whatever the schema. Raises Unsatisfiable with a sentence and the place in the schema.
    """
    try:
        # Parts are told apart by identity, and a schema that was not read from JSON may have one at two places.
        return Maker(json.loads(json.dumps(schema))).root(seed)
    except Exhausted as error:
        raise Unsatisfiable(str(error)) from None
    except RecursionError:
        raise Unsatisfiable("#: the schema is nested too deep.") from None
