"""Loads a merchant's buyers, products, orders, subscriptions, payments and refunds from JSON Lines.

Lines are taken in batches, each in one transaction: what is committed is whole, and running the same file again, after a
crash or for fun, changes nothing that is already there. A line that cannot be taken is reported with its number and a
reason, and the rest goes on.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from portico.domain.errors import Conflict, PorticoError, Refused
from portico.domain.scope import Environment, StoreScope
from portico.services import (
    import_batch,
    import_documents,
    import_payment_rules,
    import_rules,
    import_subscription_rules,
    store_time,
    taxation,
)
from portico.services import import_format as f
from portico.services.import_batch import Batch, Outcome
from portico.services.runtime import Runtime
from portico.storage import audit
from portico.storage import importing as rows
from portico.storage.store import StoreRow

LINES_AT_ONCE = 4_000


_RULES: dict[type[f.Line], tuple[str, Callable[[Batch, Any], Outcome]]] = {
    f.ProductGroupLine: ("product_group", import_rules.product_group),
    f.ProductLine: ("product", import_rules.product),
    f.BuyerLine: ("buyer", import_rules.buyer),
    f.OrderLine: ("order", import_rules.order),
    f.SubscriptionLine: ("subscription", import_subscription_rules.subscription),
    f.PaymentLine: ("payment", import_payment_rules.payment),
    f.RefundLine: ("refund", import_payment_rules.refund),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line that was not taken. `line` counts from 1."""

    line: int
    code: str
    reason: str


@dataclass(slots=True)
class Report:
    """How many lines of each type were new, changed, unchanged: counts[("order", "new")]. Refused ones are only counted."""

    counts: Counter[tuple[str, Outcome]] = field(default_factory=Counter[tuple[str, Outcome]])
    refused: int = 0

    def total(self, outcome: Outcome) -> int:
        """The lines of any type with this outcome."""
        return sum(count for (_, of), count in self.counts.items() if of == outcome)


@dataclass(frozen=True, slots=True)
class _Numbered:
    number: int
    line: f.Line


@dataclass(frozen=True, slots=True)
class Target:
    """Where an import goes."""

    runtime: Runtime
    store: StoreRow
    environment: Environment

    @property
    def scope(self) -> StoreScope:
        """The environment of the store."""
        return StoreScope(self.store.id, self.environment)


@dataclass(slots=True)
class _Run:
    """One import while it runs."""

    target: Target
    on_refusal: Callable[[Refusal], None]
    report: Report = field(default_factory=Report)
    batches: int = 0
    refusals: list[Refusal] = field(default_factory=list[Refusal])

    def refuse(self, number: int, refused: PorticoError) -> None:
        self.report.refused += 1
        self.refusals.append(Refusal(number, refused.code, str(refused)))

    def tell(self) -> None:
        """Says what was refused since the last time, in the order of the file."""
        for refusal in sorted(self.refusals, key=lambda refusal: refusal.line):
            self.on_refusal(refusal)
        self.refusals.clear()


def load(
    target: Target, file: BinaryIO, *, on_refusal: Callable[[Refusal], None], on_progress: Callable[[int], None] = lambda _: None
) -> Report:
    """Imports the whole file. After each batch, `on_refusal` is told of the refused lines in the order of the file, and
    `on_progress` of the bytes that are done."""
    run, done, waiting = _Run(target, on_refusal), 0, list[_Numbered]()
    for number, raw in _lines(file):
        done += len(raw)
        try:
            if raw.strip():
                waiting.append(_Numbered(number, f.decode(raw)))
        except Refused as refused:
            run.refuse(number, refused)
        if len(waiting) + len(run.refusals) >= LINES_AT_ONCE:
            _take(run, waiting)
            run.tell()
            waiting.clear()
            on_progress(done)
    _take(run, waiting)
    run.tell()
    on_progress(done)
    _note(run)
    return run.report


def _note(run: _Run) -> None:
    """A line in the audit trail, for an import that has brought or changed anything; what Portico bills from now on is taxed by the
    store's table, if one is in use."""
    new, changed, runtime = run.report.total("new"), run.report.total("changed"), run.target.runtime
    if new or changed:
        subject = f"{new} new, {changed} changed, {run.report.refused} refused"
        with runtime.database.transaction() as tx:
            audit.record(tx, run.target.scope, actor="operator", action="import", subject=subject, now=runtime.clock())
        taxation.refresh_store(runtime, run.target.store.id)


def _take(run: _Run, lines: Sequence[_Numbered]) -> None:
    """One transaction. When a constraint refuses the whole, halves are tried, down to the line that is at fault: another
    import, or the shop itself, may have stored the same thing since the batch was read."""
    if not lines:
        return
    run.batches += 1
    try:
        counts, refusals = _commit(run, lines)
    except Conflict as conflict:
        if len(lines) == 1:
            run.refuse(lines[0].number, conflict)
            return
        middle = len(lines) // 2
        _take(run, lines[:middle])
        _take(run, lines[middle:])
        return
    run.report.counts.update(counts)
    for number, refused in refusals:
        run.refuse(number, refused)


def _commit(run: _Run, lines: Sequence[_Numbered]) -> tuple[Counter[tuple[str, Outcome]], list[tuple[int, Refused]]]:
    target, runtime = run.target, run.target.runtime
    counts, refusals = Counter[tuple[str, Outcome]](), list[tuple[int, Refused]]()
    now = store_time.now(runtime, target.store, target.environment)
    with runtime.database.transaction() as tx:
        batch = import_batch.load(
            tx, target.scope, [each.line for each in lines], now=now, new_id=runtime.new_id, retry_days=runtime.retry_days
        )
        for numbered in lines:
            kind, rule = _RULES[type(numbered.line)]
            try:
                counts[kind, rule(batch, numbered.line)] += 1
            except Refused as refused:
                refusals.append((numbered.number, refused))
        import_batch.write(tx, batch)
        if run.batches & (run.batches - 1) == 0:  # 1, 2, 4, 8, ...: whenever the tables may have doubled
            rows.refresh_statistics(tx)
        import_documents.issue(tx, target.store, batch)
    return counts, refusals


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Numbered lines. No more is read of an overlong one than shows that it is."""
    number = 0
    while raw := file.readline(f.MAX_LINE_BYTES + 2):
        number += 1
        if number == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        yield number, raw
        while raw and not raw.endswith(b"\n"):
            raw = file.readline(f.MAX_LINE_BYTES)
