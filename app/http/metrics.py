"""What the process counts of itself; the accounts of events come from Postgres when asked for."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector as MetricSource

from app.store.accounts import SourceAccount

ACCOUNT_COLUMNS = ("received", "stored", "duplicate", "failed")


class Metrics:
    """Counters of one process, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._refused = Counter(
            "waystage_refused_requests", "Requests refused, by path and status", ["path", "status"], registry=self._registry
        )
        self._lost = Counter("waystage_lost_pixels", "Pixels answered whose event could not be stored", ["reason"], registry=self._registry)
        self._waiting = Gauge("waystage_waiting_events", "Events that wait to be written", registry=self._registry)

    def refuse(self, path: str, status: int) -> None:
        self._refused.labels(path, str(status)).inc()

    def lose(self, reason: str) -> None:
        self._lost.labels(reason).inc()

    def render(self, accounts: Iterable[SourceAccount], backlog: int, waiting_events: int) -> bytes:
        """Everything in the text format of Prometheus."""
        self._waiting.set(waiting_events)
        shown = CollectorRegistry()
        shown.register(_Accounts(list(accounts), backlog))
        return generate_latest(self._registry) + generate_latest(shown)


class _Accounts(MetricSource):
    def __init__(self, accounts: list[SourceAccount], backlog: int) -> None:
        self._accounts = accounts
        self._backlog = backlog

    def collect(self) -> Iterable[Metric]:
        for column in ACCOUNT_COLUMNS:
            family = CounterMetricFamily(f"waystage_events_{column}", f"Events {column}, by source", labels=["source"])
            for account in self._accounts:
                family.add_metric([account.source], getattr(account, column))
            yield family
        backlog = Metric("waystage_touched_rows", "Touched rows that wait to be derived", "gauge")
        backlog.add_sample("waystage_touched_rows", {}, self._backlog)
        yield backlog
