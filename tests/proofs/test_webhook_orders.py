"""A payment provider's news comes in any order, and more than once. Whatever the order, we end where the provider is."""

from itertools import permutations
from pathlib import Path
from random import Random

import pytest

from portico.services import check
from tests.conftest import DIALECTS, OpenFresh
from tests.proofs.lives import Kind, Life, Webhook, live, news_of, shop_of
from tests.proofs.undoable import Undoable

KINDS: tuple[Kind, ...] = ("period", "change")
Order = tuple[int, ...]


class Walk:
    """Goes through orders of the news like through a tree: what orders have in common is done once. With `again`, one of them is
    delivered once more on every way, at a place by chance."""

    def __init__(self, life: Life, news: tuple[Webhook, ...], *, again: bool) -> None:
        self.life, self.news, self.again = life, news, again
        self.chance = Random(7)
        self.ends = 0
        self.states: dict[str, Order] = {}

    def through(self, orders: list[Order], told: Order = (), *, repeated: bool = False) -> None:
        if not repeated and self.again and told and (len(told) == len(self.news) or self.chance.random() < 0.3):
            self.life.receive(self.news[self.chance.choice(told)])
            repeated = True
        if len(told) == len(self.news):
            self._end(told)
            return
        depth = len(told)
        for first in dict.fromkeys(order[depth] for order in orders):
            with self.life.database.undone():
                self.life.receive(self.news[first])
                self.through([order for order in orders if order[depth] == first], (*told, first), repeated=repeated)

    def _end(self, told: Order) -> None:
        self.life.finish()
        self.ends += 1
        self.states.setdefault("\n".join(self.life.state()), told)


def _is_the_banks(life: Life, kind: Kind) -> None:
    """What the provider did stands in our books: the charge made, the refund made, the card saved, each with what follows."""
    shop = life.shop
    found, payments = shop.read(life.subscription_id), shop.payments(life.subscription_id)
    assert (found.status, found.product_id) == ("active", shop.plans["pro" if kind == "change" else "starter"])
    assert found.period_index == (1 if kind == "period" else 0)
    assert found.due_at == found.period_end
    assert found.method_reference == shop.gateway.bank.setup(life.visit).card.id
    assert [(payment.status, payment.refunded_minor) for payment in payments] == [("succeeded", 500), ("succeeded", 0)]
    assert len(shop.documents(life.subscription_id)) == 5, "two invoices, two receipts, one credit note"
    assert shop.jobs() == []
    assert [finding for finding in check.run(life.database) if finding.severity == "error"] == []


def _walk(open_fresh: OpenFresh, folder: Path, kind: Kind, orders: list[Order], *, again: bool) -> Walk:
    with open_fresh(True) as database, Undoable(database) as undoable:
        shop, subscription_id = shop_of(undoable, folder)
        life = live(shop, subscription_id, kind)
        news = news_of(life)
        walk = Walk(life, news, again=again)
        walk.through(orders)
        assert len(walk.states) == 1, _difference(walk)
        for number in orders[0]:
            life.receive(news[number])
        life.finish()
        _is_the_banks(life, kind)
    assert walk.ends == len(orders)
    return walk


def _difference(walk: Walk) -> list[str]:
    """Where the first two ends differ, and by which orders they were come to."""
    (first, one), (second, other) = list(walk.states.items())[:2]
    lines = set(first.splitlines()) ^ set(second.splitlines())
    return [f"{len(walk.states)} ends: {one} and {other}", *sorted(lines)]


ALL_ORDERS = [tuple(order) for order in permutations(range(7))]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_news_comes_in_any_order(dialect: str, kind: Kind, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """A sample; `make prove` goes through all of them."""
    _walk(request.getfixturevalue(f"{dialect}_databases"), tmp_path, kind, sorted(Random(1).sample(ALL_ORDERS, 20)), again=True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_news_comes_before_we_know_what_it_is_about(dialect: str, kind: Kind, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Some or all of it comes before our rows are there, as after a backup was put back: it waits for them.

    Of a period the card comes last: given while the period's charge counts as refused it would be charged at once, and the first
    charge sent back when it turns out to have been made: another end, and as right.
    """
    open_fresh: OpenFresh = request.getfixturevalue(f"{dialect}_databases")
    chance = Random(2)
    with open_fresh(True) as database, Undoable(database) as undoable:
        shop, subscription_id = shop_of(undoable, tmp_path)
        with undoable.undone():
            life = live(shop, subscription_id, kind)
            news = news_of(life)
        states: set[str] = set()
        for place in range(15):
            order, early = chance.sample(range(6), 6), place % 6 + 1
            order.insert(6 if kind == "period" else chance.randrange(7), 6)
            with undoable.undone():
                for number in order[:early]:
                    life.receive(news[number])
                assert "job webhook" in life.state()
                assert live(shop, subscription_id, kind).charge_key == life.charge_key
                for number in order[early:]:
                    life.receive(news[number])
                life.finish()
                _is_the_banks(life, kind)
                states.add("\n".join(life.state()))
        assert len(states) == 1


@pytest.mark.prove
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("dialect", "kind"), [("sqlite", "period"), ("sqlite", "change"), ("postgresql", "period")])
def test_news_comes_in_every_order(dialect: str, kind: Kind, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    open_fresh: OpenFresh = request.getfixturevalue(f"{dialect}_databases")
    once = _walk(open_fresh, tmp_path, kind, ALL_ORDERS, again=False)
    again = _walk(open_fresh, tmp_path, kind, ALL_ORDERS, again=True)
    assert once.states.keys() == again.states.keys()
    told = f"{once.ends:,} orders of 7 webhooks, and {again.ends:,} with one of them twice"
    print(f"webhooks about a {kind}, {dialect}: {told}: {len(once.states)} final state")
