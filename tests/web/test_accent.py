"""A store's colour becomes the nearest of the palettes that the stylesheet has."""

import pytest

from portico.web.accent import ACCENTS, accent_name


@pytest.mark.parametrize(
    ("color", "name"),
    [
        ("#4f46e5", "indigo"),
        ("#0d9488", "teal"),
        ("#e11d48", "rose"),
        ("#f59e0b", "amber"),
        ("#64748b", "slate"),
        ("#16a34a", "green"),
        ("#FF0000", "red"),
        ("#fe0001", "red"),
        ("#ff0008", "red"),
        ("#3b82f6", "blue"),
        ("#000000", "slate"),
        ("#ffffff", "slate"),
    ],
)
def test_a_colour_takes_the_palette_nearest_in_hue(color: str, name: str) -> None:
    assert accent_name(color) == name


@pytest.mark.parametrize("text", ["", "indigo", "#fff", "#12345g", "#4f46e5\n", 'red" onload="x'])
def test_what_is_no_colour_takes_the_default(text: str) -> None:
    assert accent_name(text) == "indigo"


def test_every_palette_can_be_reached() -> None:
    steps = range(0, 256, 51)
    found = {accent_name(f"#{red:02x}{green:02x}{blue:02x}") for red in steps for green in steps for blue in steps}
    assert found == set(ACCENTS)
