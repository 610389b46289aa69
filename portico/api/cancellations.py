"""Cancellations: why buyers leave, one by one and added up, as JSON and for spreadsheets."""

from typing import Annotated

import msgspec
from msgspec import Meta

from portico.api.call import Call
from portico.api.fields import BuyerId, CancellationId, Currency, Moment, ProductId, SignedAmount, SubscriptionId
from portico.api.operation import Operation
from portico.api.paging import Listed, Paged, listed
from portico.domain.catalog import Interval
from portico.domain.errors import FieldError, Invalid
from portico.domain.money import format_amount
from portico.domain.proration import monthly_minor
from portico.http.download import content_disposition
from portico.http.response import Response
from portico.services import cancellation_report
from portico.services.cancellation_report import By, Line, Report
from portico.storage import cancellation as cancellations
from portico.storage.cancellation import CancellationOfStore

CSV = "text/csv; charset=utf-8"
_CSV_TYPE = "text/csv"
_ReasonCode = Annotated[str, Meta(max_length=40, description="A reason's code; empty: those that gave none.", examples=["too_expensive"])]
_Since = Annotated[Moment, Meta(description="Asked for at this moment or after it.")]
_Until = Annotated[Moment, Meta(description="Asked for before this moment.")]


class Cancellation(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription that was given up. `amount` is what it cost per interval, net; `per_month` what that makes a month."""

    id: CancellationId
    subscription_id: SubscriptionId
    buyer_id: BuyerId
    product_id: ProductId
    product_name: Annotated[str, Meta(examples=["Atlas Pro"])]
    quantity: Annotated[int, Meta(ge=1, examples=[1])]
    reason: Annotated[str, Meta(description="Null: none was given.", examples=["too_expensive"])] | None
    comment: Annotated[str, Meta(examples=["I only needed it for one project."])]
    requested_at: Moment
    effective_at: Moment
    withdrawn_at: Annotated[Moment, Meta(description="When it was taken back.")] | None
    actor: Annotated[str, Meta(description="Who did it: `buyer`, or `key:KEY_…`.", examples=["buyer"])]
    interval: Interval
    amount: SignedAmount
    per_month: SignedAmount
    currency: Currency


class MoneyPerMonth(msgspec.Struct, frozen=True, kw_only=True):
    """What cancellations in one currency come to, per month and net."""

    currency: Currency
    requested: Annotated[int, Meta(ge=0, examples=[3])]
    saved: Annotated[int, Meta(ge=0, description="Those that were taken back.", examples=[1])]
    lost: Annotated[int, Meta(ge=0, examples=[2])]
    lost_per_month: SignedAmount
    saved_per_month: SignedAmount


class CancellationSum(msgspec.Struct, frozen=True, kw_only=True):
    """Cancellations of one reason, product or month. Reason: a code, empty where none was given."""

    key: Annotated[str, Meta(examples=["too_expensive"])]
    name: Annotated[str, Meta(examples=["It’s too expensive"])]
    requested: Annotated[int, Meta(ge=0, examples=[3])]
    saved: Annotated[int, Meta(ge=0, description="Those that were taken back.", examples=[1])]
    lost: Annotated[int, Meta(ge=0, examples=[2])]
    money: list[MoneyPerMonth]


class CancellationSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for from `since` until just before `until`. By reason and product the most lost comes first."""

    by: By
    since: Moment
    until: Moment
    data: list[CancellationSum]
    total: CancellationSum


class CancellationFilters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: _ReasonCode | None = None
    product_id: ProductId | None = None
    buyer_id: BuyerId | None = None
    subscription_id: SubscriptionId | None = None
    since: _Since | None = None
    until: _Until | None = None


class CancellationQuery(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: _ReasonCode | None = None
    product_id: ProductId | None = None
    buyer_id: BuyerId | None = None
    subscription_id: SubscriptionId | None = None
    since: _Since | None = None
    until: _Until | None = None


class SummaryQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    by: Annotated[By, Meta(description="What to add up by. Months are those of UTC.")] = "reason"
    since: Annotated[Moment, Meta(description="Asked for at this moment or after it; else the last twelve months.")] | None = None
    until: Annotated[Moment, Meta(description="Asked for before this moment; else until now.")] | None = None


def list_cancellations(call: Call) -> Listed[Cancellation] | Response:
    asked: CancellationQuery = call.query
    if _wants_csv(call):
        return _list_csv(call, asked)
    with call.runtime.database.read() as tx:
        page = cancellations.page_of_store(
            tx,
            call.scope,
            asked.after,
            asked.limit,
            reason=asked.reason,
            product_id=asked.product_id,
            buyer_id=asked.buyer_id,
            subscription_id=asked.subscription_id,
            since=asked.since,
            until=asked.until,
        )
    return listed(page, _shown)


def export_cancellations(call: Call) -> Response:
    return _list_csv(call, call.query)


def get_cancellation(call: Call) -> Cancellation:
    with call.runtime.database.read() as tx:
        return _shown(cancellations.get_of_store(tx, call.scope, call.id))


def summarize_cancellations(call: Call) -> CancellationSummary | Response:
    return export_summary(call) if _wants_csv(call) else summary_of(_report(call))


def export_summary(call: Call) -> Response:
    return Response(200, cancellation_report.csv(_report(call)), CSV, _named("cancellations-summary.csv"))


def summary_of(report: Report) -> CancellationSummary:
    """A report as the API shows it."""
    return CancellationSummary(
        by=report.by, since=report.since, until=report.until, data=[_sum(line) for line in report.lines], total=_sum(report.total)
    )


def _report(call: Call) -> Report:
    asked: SummaryQuery = call.query
    if asked.since is not None and asked.until is not None and asked.since >= asked.until:
        raise Invalid([FieldError("until", "until_before_since")])
    return cancellation_report.make(call.runtime, call.scope, asked.by, asked.since, asked.until)


def _sum(line: Line) -> CancellationSum:
    money = [
        MoneyPerMonth(
            currency=part.currency,
            requested=part.requested,
            saved=part.saved,
            lost=part.requested - part.saved,
            lost_per_month=format_amount(part.lost_minor, part.currency),
            saved_per_month=format_amount(part.saved_minor, part.currency),
        )
        for part in line.money
    ]
    return CancellationSum(key=line.key, name=line.name, requested=line.requested, saved=line.saved, lost=line.lost, money=money)


def _list_csv(call: Call, asked: CancellationQuery | CancellationFilters) -> Response:
    wanted = {name: getattr(asked, name) for name in CancellationFilters.__struct_fields__}
    rows = cancellation_report.list_csv(call.runtime, call.scope, **wanted)
    return Response(200, rows, CSV, _named("cancellations.csv"))


def _named(file: str) -> tuple[tuple[str, str], ...]:
    return (("content-disposition", content_disposition(file)),)


def _wants_csv(call: Call) -> bool:
    """Whether the client asked for text/csv before JSON. Weights are left out: nobody who wants a table writes them."""
    kinds = [kind.partition(";")[0].strip().lower() for kind in call.accept.split(",")]
    return kinds[0] == _CSV_TYPE


def _shown(found: CancellationOfStore) -> Cancellation:
    it = found.cancellation
    return Cancellation(
        id=it.id,
        subscription_id=it.subscription_id,
        buyer_id=found.scope.buyer_id,
        product_id=it.product_id,
        product_name=found.product_name,
        quantity=it.quantity,
        reason=it.reason_code,
        comment=it.comment,
        requested_at=it.requested_at,
        effective_at=it.effective_at,
        withdrawn_at=it.withdrawn_at,
        actor=it.actor,
        interval=it.interval,
        amount=format_amount(it.net_minor, it.currency),
        per_month=format_amount(monthly_minor(it.net_minor, it.interval), it.currency),
        currency=it.currency,
    )


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/cancellations",
        name="list_cancellations",
        tag="Cancellations",
        summary="List cancellations",
        description="Why subscriptions were given up, with reason and comment, newest first. With `Accept: text/csv` all of them, without "
        "pages, as a table for spreadsheets.",
        handler=list_cancellations,
        answer=Listed[Cancellation],
        query=CancellationQuery,
        errors=("cursor_invalid",),
        media_types=(_CSV_TYPE,),
    ),
    Operation(
        method="GET",
        path="/v1/cancellations.csv",
        name="export_cancellations",
        tag="Cancellations",
        summary="Export cancellations",
        description="All cancellations as a table for spreadsheets, newest first. No text in it is taken for a formula.",
        handler=export_cancellations,
        answer=None,
        query=CancellationFilters,
        media_types=(_CSV_TYPE,),
    ),
    Operation(
        method="GET",
        path="/v1/cancellations/summary",
        name="summarize_cancellations",
        tag="Cancellations",
        summary="Add cancellations up",
        description="By reason, product or month: how many were asked for, how many were taken back, and the money per month that is lost, "
        "in each currency. With `Accept: text/csv` as a table for spreadsheets.",
        handler=summarize_cancellations,
        answer=CancellationSummary,
        query=SummaryQuery,
        media_types=(_CSV_TYPE,),
    ),
    Operation(
        method="GET",
        path="/v1/cancellations/summary.csv",
        name="export_cancellation_summary",
        tag="Cancellations",
        summary="Export the summary",
        description="The summary as a table for spreadsheets: a line for each key and currency.",
        handler=export_summary,
        answer=None,
        query=SummaryQuery,
        media_types=(_CSV_TYPE,),
    ),
    Operation(
        method="GET",
        path="/v1/cancellations/{id}",
        name="get_cancellation",
        tag="Cancellations",
        summary="Get a cancellation",
        description="One cancellation with its reason and comment.",
        handler=get_cancellation,
        answer=Cancellation,
    ),
)
