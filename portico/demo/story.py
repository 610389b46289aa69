"""Two years at Lumen Notes, told as lines of an import: every state a subscription can be in, and most things that go wrong."""

import json
from datetime import datetime, timedelta
from typing import Any

from portico.demo import people, store
from portico.demo.cards import Wallet
from portico.demo.history import History
from portico.domain.calendar import period_at, period_bounds

_SHOPPING = ("templates", "notebook", "notebook", "templates", "onboarding")


def prod_lines(now: datetime, wallet: Wallet) -> list[dict[str, Any]]:
    """The whole story. The same moment gives the same lines."""
    history = History(now, wallet)
    _regulars(history)
    _in_trouble(history)
    _gone(history)
    _shoppers(history)
    return [*store.lines(), *people.lines(people.EVERYONE, history.ago(760).isoformat()), *history.lines()]


def test_lines(now: datetime, wallet: Wallet) -> list[dict[str, Any]]:
    """What the shop's developers have tried out in the test environment."""
    history, who = History(now, wallet), (people.ANNA, people.KRANICH)
    history.subscribes(people.ANNA, "team-month", history.ago(40))
    history.subscribes(people.KRANICH, "business-year", history.ago(12), quantity=3)
    history.pays(people.ANNA, history.buys(people.ANNA, "templates", history.ago(5)))
    return [*store.lines(), *people.lines(who, history.ago(60).isoformat()), *history.lines()]


def as_jsonl(lines: list[dict[str, Any]]) -> str:
    """The lines as the text of an import file."""
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _regulars(history: History) -> None:
    """Those whose renewals simply work."""
    history.subscribes(people.ANNA, "team-month", history.ago(430, 9, 12))
    pack = history.pays(people.ANNA, history.buys(people.ANNA, "notebook", history.ago(200, 18, 40), quantity=3))
    history.gives_back(pack, days=9, minor=1773, reason="One of three arrived damaged")
    history.pays(people.ANNA, history.buys(people.ANNA, "onboarding", history.ago(421, 14, 5)))
    history.subscribes(people.KRANICH, "business-year", history.ago(700, 11, 30), quantity=12)
    history.pays(people.KRANICH, history.buys(people.KRANICH, "onboarding", history.ago(690, 9, 30), quantity=2))
    history.subscribes(people.YOKO, "starter-year", history.ago(380, 3, 20))
    history.pays(people.YOKO, history.buys(people.YOKO, "templates", history.ago(90, 4, 0)))
    change_at = period_bounds(history.ago(500), "year", period_at(history.ago(500), "year", history.now))[1].isoformat()
    change = {"kind": "change_plan", "at": change_at, "product": "business-year"}
    history.subscribes(people.ALPEN, "team-year", history.ago(500), quantity=5, scheduled_change=change)
    history.subscribes(people.LAYLA, "team-month", history.ago(5), status="trialing", paid=0, trial_end=history.ago(5) + timedelta(days=14))
    history.subscribes(people.SOFIA, "starter-month", history.ago(118, 8, 15))
    since = history.ago(205, 15, 0)
    running = period_at(since, "month", history.now)
    back = period_bounds(since, "month", running + 2)[0]
    history.subscribes(people.LUKAS, "team-month", since, status="paused", periods=running - 1, resumes_at=back)


def _in_trouble(history: History) -> None:
    """Those who are about to leave, or whose card does not work."""
    history.subscribes(people.CLAIRE, "starter-month", history.ago(250, 16, 45), status="canceling")
    anchor = period_bounds(history.ago(4, 7, 0), "month", -11)[0]
    running = period_at(anchor, "month", history.now)
    behind = history.subscribes(people.PAULO, "team-month", anchor, status="past_due", paid=running)
    unpaid = period_bounds(anchor, "month", running)
    history.fails(people.PAULO, behind, (0, "insufficient_funds"), (24, "insufficient_funds"), (72, "card_declined"), period=unpaid)
    history.subscribes(people.MARTA, "starter-month", history.ago(1, 12, 0), status="pending", paid=0)


def _gone(history: History) -> None:
    """Those who have left, each in another way."""
    anchor = history.ago(330, 20, 15)
    order = history.subscribes(
        people.GIULIA, "team-month", anchor, status="canceled", periods=5, ended_at=period_bounds(anchor, "month", 5)[1]
    )
    last = [line["id"] for line in history.payments if line["order"] == order][-1]
    history.gives_back(last, days=3, reason="Canceled within the trial of the new version")
    trial_end = history.ago(60) + timedelta(days=14)
    history.subscribes(
        people.OLIVER, "team-month", history.ago(60), status="expired", periods=0, paid=0, trial_end=trial_end, ended_at=trial_end
    )
    never = history.ago(35, 15, 20)
    order = history.subscribes(people.LINH, "business-month", never, status="closed", periods=0, paid=0, ended_at=never + timedelta(days=1))
    first = period_bounds(never, "month", 0)
    history.fails(people.LINH, order, (0, "authentication_required"), (1, "expired_card"), period=first)


def _shoppers(history: History) -> None:
    """Those who buy now and then, one of them very often."""
    for n in range(64):
        order = history.buys(people.DAVE, _SHOPPING[n % len(_SHOPPING)], history.ago(720 - 11 * n, 13, n % 60), quantity=1 + n % 3)
        payment = history.pays(people.DAVE, order, minutes=n % 4)
        if n % 17 == 8:
            history.gives_back(payment, days=6, reason="Bought twice by mistake")
    history.buys(people.LUKAS, "onboarding", history.ago(2, 8, 30), status="pending")
    history.buys(people.LUKAS, "notebook", history.ago(45, 19, 0), status="canceled")
    refused = history.buys(people.LUKAS, "templates", history.ago(46, 21, 10), status="pending")
    history.fails(people.LUKAS, refused, (0, "incorrect_details"), (1, "limit_exceeded"))
    whole = history.pays(people.SOFIA, history.buys(people.SOFIA, "onboarding", history.ago(150, 10, 10)))
    history.gives_back(whole, days=12, reason="The session could not take place")
    part = history.pays(people.SOFIA, history.buys(people.SOFIA, "notebook", history.ago(75, 17, 25), quantity=2))
    history.gives_back(part, days=4, minor=900, reason="A small apology for the delay")
    history.pays(people.SOFIA, history.buys(people.SOFIA, "templates", history.ago(20, 9, 0)))
    history.pays(people.LAYLA, history.buys(people.LAYLA, "templates", history.ago(12, 18, 40)))
