"""What the process counts of itself; the accounts of events come from Postgres when asked for."""

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector as MetricSource

from app.store.accounts import SourceAccount
from app.store.failed_events import Reason

ACCOUNT_COLUMNS = ("received", "stored", "duplicate", "failed")


class Metrics:
    """Counters of one process, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._refused = Counter(
            "waystage_refused_requests", "Requests refused, by path and status", ["path", "status"], registry=self._registry
        )
        self._lost = Counter(
            "waystage_lost_hits", "Pixels and redirects answered whose event could not be kept", ["reason"], registry=self._registry
        )
        self._spooled = Gauge("waystage_spool_bytes", "Bytes of hits that wait in files for Postgres", registry=self._registry)
        self._waiting = Gauge("waystage_waiting_events", "Events that wait to be written", registry=self._registry)

    def refuse(self, path: str, status: int) -> None:
        self._refused.labels(path, str(status)).inc()

    def lose(self, reason: str) -> None:
        self._lost.labels(reason).inc()

    def watch_spool(self, size: Callable[[], float]) -> None:
        self._spooled.set_function(size)

    def render(
        self, accounts: Iterable[SourceAccount], backlog: int, stuck: int, waiting_events: int, failed_events: "FailedEvents"
    ) -> bytes:
        """Everything in the text format of Prometheus."""
        self._waiting.set(waiting_events)
        shown = CollectorRegistry()
        shown.register(_Accounts(list(accounts), backlog, stuck))
        shown.register(failed_events)
        return generate_latest(self._registry) + generate_latest(shown)


class _Accounts(MetricSource):
    def __init__(self, accounts: list[SourceAccount], backlog: int, stuck: int) -> None:
        self._accounts = accounts
        self._backlog = backlog
        self._stuck = stuck

    def collect(self) -> Iterable[Metric]:
        for column in ACCOUNT_COLUMNS:
            family = CounterMetricFamily(f"waystage_events_{column}", f"Events {column}, by source", labels=["source"])
            for account in self._accounts:
                family.add_metric([account.source], getattr(account, column))
            yield family
        yield _gauge("waystage_touched_rows", "Touched rows that wait to be derived", self._backlog)
        yield _gauge("waystage_stuck_customers", "Customers who cannot be derived, and events that nobody can be found for", self._stuck)


class FailedEvents(MetricSource):
    """How many events were refused, by source and reason, and how many failed events of each source are kept now."""

    def __init__(self, reasons: Iterable[Reason], kept: Mapping[str, int]) -> None:
        self._reasons = list(reasons)
        self._kept = kept

    def collect(self) -> Iterable[Metric]:
        refused = CounterMetricFamily("waystage_failed_events", "Events refused, by source and reason", labels=["source", "code"])
        for reason in self._reasons:
            refused.add_metric([reason.source, reason.code], reason.events)
        yield refused
        kept = GaugeMetricFamily("waystage_failed_events_kept", "Failed events that are kept now, by source", labels=["source"])
        for source, events in self._kept.items():
            kept.add_metric([source], events)
        yield kept


def _gauge(name: str, told: str, value: int) -> Metric:
    gauge = Metric(name, told, "gauge")
    gauge.add_sample(name, {}, value)
    return gauge
