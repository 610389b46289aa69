import pytest

from portico.domain.order import settled_status


@pytest.mark.parametrize(
    ("total", "refunded", "status"),
    [(100, 0, "completed"), (100, 1, "partially_refunded"), (100, 99, "partially_refunded"), (100, 100, "refunded"), (0, 0, "completed")],
)
def test_a_paid_order_is_called_by_what_was_given_back(total: int, refunded: int, status: str) -> None:
    assert settled_status(total, refunded) == status


@pytest.mark.parametrize(("total", "refunded"), [(100, 101), (100, -1), (0, 1)])
def test_no_more_is_given_back_than_was_taken(total: int, refunded: int) -> None:
    with pytest.raises(ValueError, match="refund"):
        settled_status(total, refunded)
