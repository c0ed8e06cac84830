"""What a monitoring system wants to know, as Prometheus text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

import emulator
from emulator.server.control.question import Held, Question, Written
from emulator.server.control.tally import LATE

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

__all__ = ["metrics"]

_PREFIX: Final = "maas_emulator_"


def metrics(held: Held, question: Question) -> Written:  # noqa: ARG001 - the signature of a route
    """Write the metrics as Prometheus reads them."""
    # Loaded when somebody asks first: that takes longer than all the rest of a start.
    from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415
    from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4  # noqa: PLC0415

    registry = CollectorRegistry()
    registry.register(_Collector(held))
    return Written(generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4)


class _Collector(Struct, frozen=True, eq=False):
    """Gives what a server counts to prometheus_client."""

    held: Held

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.metrics_core import (  # noqa: PLC0415
            CounterMetricFamily,
            GaugeMetricFamily,
            HistogramMetricFamily,
            InfoMetricFamily,
        )

        held, tally = self.held, self.held.tally
        yield InfoMetricFamily(f"{_PREFIX}build", "The emulator.", value={"version": emulator.__version__})
        labels = ["provider", "protocol", "outcome", "status"]
        yield _filled(CounterMetricFamily(f"{_PREFIX}requests", "Requests.", labels=labels), tally.requests)
        labels = ["provider", "protocol"]
        yield _filled(CounterMetricFamily(f"{_PREFIX}retries", "Requests that were retries.", labels=labels),
                      tally.retries)  # fmt: skip
        yield _filled(CounterMetricFamily(f"{_PREFIX}answers", "Answers that have ended, by how.", labels=["ended"]),
                      {(how,): count for how, count in tally.ended.items()})  # fmt: skip
        for name, words, value in (
            ("open_answers", "Answers under way.", tally.open),
            ("sessions", "Sessions that are kept.", len(held.sessions)),
            ("scenarios", "Scenarios in force.", len(held.library.scenarios)),
            ("journal_exchanges", "Exchanges that the journal holds.", len(held.journal)),
            ("journal_bytes", "What they take, roughly.", held.journal.bytes),
            ("journal_listeners", "Listeners to the journal.", len(held.listeners)),
        ):
            yield GaugeMetricFamily(_PREFIX + name, words, value=value)
        so_far, buckets = 0, []
        for edge, count in zip([*map(str, LATE), "+Inf"], tally.beats, strict=True):
            so_far += count
            buckets.append((edge, so_far))
        words = "How much later than planned model output went out, in seconds of its session's clock."
        yield HistogramMetricFamily(f"{_PREFIX}beat_lateness_seconds", words, buckets=buckets, sum_value=tally.late)


def _filled(metric: Any, counts: Any) -> Metric:
    for labels, count in sorted(counts.items()):
        metric.add_metric([str(label) for label in labels], count)
    filled: Metric = metric
    return filled
