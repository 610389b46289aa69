"""Queries drawn at random from the schema, right and wrong ones, by everybody: each has an answer, and none of them is a crash."""

import random
from typing import Any

import pytest
from graphql import get_named_type, is_composite_type, is_enum_type, is_input_object_type, is_list_type, is_required_argument

from portico.api.waffo.asker import Asker
from portico.api.waffo.graphql.schema import schema
from tests.waffo.graphql.conftest import Shop

_ANYTHING = (
    "null", "true", "-1", "3.5", '""', '"x"', '"2026-01-01"', '"\\u0000"', "[]", '["a"]', "{}", '{eq: "a"}', '{in: ["a", "b"]}', "USD",
    '{status: {eq: "active"}}', '{createdAt: {lt: "2030-01-01"}}', "99999999999", "$v", "$w",
)  # fmt: skip
_DEEPEST = 5


class Drawn:
    """`dice` decides; `ids` are of things that there are."""

    def __init__(self, dice: random.Random, ids: list[str]) -> None:
        self.dice, self.ids = dice, ids

    def query(self) -> str:
        """A query with the variables that it names."""
        built: Any = schema()
        text = self._selection(built.query_type, 1)
        declared = [f"{name}: {kind}" for name, kind in (("$v", "String"), ("$w", "Int")) if name in text]
        return f"query ({', '.join(declared)}) {text}" if declared else text

    def _selection(self, kind: Any, depth: int) -> str:
        named = get_named_type(kind)
        if not is_composite_type(named):
            return ""
        fields: dict[str, Any] = named.fields
        chosen = self.dice.sample(sorted(fields), min(len(fields), self.dice.randint(1, 5)))
        shallow = [name for name in chosen if depth <= _DEEPEST or not is_composite_type(get_named_type(fields[name].type))]
        parts = [f"{name}{self._arguments(fields[name])} {self._selection(fields[name].type, depth + 1)}" for name in shallow]
        return "{ " + " ".join(parts or ["__typename"]) + " }"

    def _arguments(self, field: Any) -> str:
        given = {name: each for name, each in field.args.items() if is_required_argument(each) or self.dice.random() < 0.5}
        return f"({', '.join(f'{name}: {self._value(each.type)}' for name, each in given.items())})" if given else ""

    def _value(self, kind: Any) -> str:
        if self.dice.random() < 0.08:
            return self.dice.choice(_ANYTHING)
        named: Any = get_named_type(kind)
        if is_input_object_type(named):
            chosen = self.dice.sample(sorted(named.fields), min(len(named.fields), self.dice.randint(0, 3)))
            return "{" + ", ".join(f"{name}: {self._value(named.fields[name].type)}" for name in chosen) + "}"
        if is_enum_type(named):
            return self.dice.choice(sorted(named.values))
        plain = {
            "ID": f'"{self.dice.choice(self.ids)}"', "String": self.dice.choice(('"active"', '"a"', '"EUR"', '"é"')), "Boolean": "true",
            "Int": self.dice.choice(("0", "1", "100", "3451")), "DateTime": '"2026-03-14"',
        }[named.name]  # fmt: skip
        return f"[{plain}]" if is_list_type(getattr(kind, "of_type", kind)) or is_list_type(kind) else plain


@pytest.mark.parametrize("seed", [1])
def test_every_query_has_an_answer(shop: Shop, seed: int) -> None:
    dice = random.Random(seed)
    drawn = Drawn(dice, sorted(shop.ids.values()))
    askers = [shop.merchant, shop.of(shop.ada), shop.of(None), shop.visitor, Asker("merchant", "MER_1", "prod")]
    answered = 0
    for _ in range(200):
        query = drawn.query()
        variables = {"v": dice.choice(["a", "2026-01-01", None]), "w": dice.choice([1, 100, None])}
        status, envelope = shop.respond(query, asker=dice.choice(askers), variables=variables)
        assert status in (200, 400), query
        assert ("errors" in envelope) or status == 200, query
        answered += status == 200
    assert answered > 60
