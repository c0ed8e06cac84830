"""What several workers say, as one server would say it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from emulator.server.control.question import Written
from emulator.types import Json

__all__ = ["health", "journal", "metrics"]

_ALIKE: Final = ("maas_emulator_build_info", "maas_emulator_scenarios")
"""What is the same in all of them."""


def health(said: Sequence[Json]) -> Json:
    """Count the sessions of all."""
    return {**said[0], "sessions": sum(one["sessions"] for one in said)}


def journal(said: Sequence[Json]) -> Json:
    """Put exchanges in the order in which they came: their numbers are drawn from one source."""
    exchanges = [exchange for one in said for exchange in one["exchanges"]]
    return {"exchanges": sorted(exchanges, key=lambda exchange: int(exchange["number"]))}


def metrics(said: Sequence[Written]) -> Written:
    """Add up what Prometheus text says."""
    families: dict[str, dict[str, float]] = {}
    for one in said:
        for family in one.body.decode().split("# HELP ")[1:]:
            what, kind, *samples = family.splitlines()
            sums = families.setdefault(f"# HELP {what}\n{kind}", {})
            for sample in samples:
                name, _, value = sample.rpartition(" ")
                alike = name.startswith(_ALIKE)
                sums[name] = float(value) + (0.0 if alike else sums.get(name, 0.0))
    lines = [
        line
        for heading, sums in families.items()
        for line in (heading, *(f"{name} {value}" for name, value in sums.items()))
    ]
    return Written("".join(f"{line}\n" for line in lines).encode(), said[0].kind)
