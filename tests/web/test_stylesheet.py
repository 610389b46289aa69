"""The stylesheet's promises, from its own text: contrast of every palette in light and dark, and a layout that mirrors."""

import math
import re
from pathlib import Path

import pytest

import portico.web
from portico.web.accent import ACCENTS

CSS = (Path(portico.web.__file__).parent / "static" / "portal.css").read_text()
TOKENS = dict(re.findall(r"^  --([\w-]+): (light-dark\(.*\)|oklch\(.*\));$", CSS, re.MULTILINE))
PALETTES = {
    name: (float(hue), float(chroma))
    for name, hue, chroma in re.findall(r':root\[data-accent="(\w+)"\] \{ --accent-hue: ([\d.]+); --accent-chroma: ([\d.]+); \}', CSS)
}
OKLCH = re.compile(
    r"oklch\(([\d.]+) ([\d.]+|var\(--accent-chroma\)|calc\(var\(--accent-chroma\) \* [\d.]+\)) ([\d.]+|var\(--accent-hue\))\)"
)

# (text, what it stands on); 4.5 : 1 is WCAG 2.2 criterion 1.4.3.
TEXTS = [
    *((text, ground) for text in ("ink", "ink-soft") for ground in ("page", "surface", "sunken")),
    *(("accent-ink", ground) for ground in ("page", "surface", "accent-tint")),
    *(("ink", ground) for ground in ("accent-tint", "good-tint", "bad-tint")),
    *((f"{kind}-ink", ground) for kind in ("good", "wait", "bad") for ground in (f"{kind}-tint", "surface")),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("page", "ink"),
]


def luminance(lightness: float, chroma: float, hue: float) -> float:
    """Relative luminance (WCAG) of an OKLCH colour, clipped to sRGB as browsers do. Matrices: Ottosson 2020, CSS Color 4."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    red, green, blue = (min(max(part, 0), 1) for part in (red, green, blue))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def luminance_of(token: str, scheme: str, palette: str) -> float:
    colors = OKLCH.findall(TOKENS[token])
    lightness, chroma, hue = colors[-1] if scheme == "dark" else colors[0]
    accent_hue, accent_chroma = PALETTES[palette]
    factor = re.search(r"\* ([\d.]+)", chroma)
    used = float(chroma) if "var" not in chroma else accent_chroma * (float(factor[1]) if factor else 1)
    return luminance(float(lightness), used, accent_hue if "var" in hue else float(hue))


def contrast(one: str, other: str, scheme: str, palette: str) -> float:
    lights = sorted((luminance_of(one, scheme, palette), luminance_of(other, scheme, palette)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def test_the_arithmetic_agrees_with_known_colours() -> None:
    assert luminance(1, 0, 0) == pytest.approx(1, abs=1e-6)
    assert luminance(0.627955, 0.257683, 29.2339) == pytest.approx(0.2126, abs=1e-3)  # #ff0000
    assert luminance(0.452014, 0.313214, 264.052) == pytest.approx(0.0722, abs=1e-3)  # #0000ff


def test_there_is_a_palette_for_every_accent() -> None:
    assert set(PALETTES) == set(ACCENTS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("palette", sorted(ACCENTS))
def test_text_stands_out_in_every_palette(palette: str, scheme: str) -> None:
    weak = {pair: round(ratio, 2) for pair in TEXTS if (ratio := contrast(*pair, scheme, palette)) < 4.5}
    assert weak == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("palette", sorted(ACCENTS))
def test_borders_of_fields_and_the_focus_ring_stand_out(palette: str, scheme: str) -> None:
    """3 : 1, criterion 1.4.11."""
    pairs = [("line-strong", "surface"), ("bad-line", "surface"), ("accent-ink", "page"), ("accent-ink", "surface")]
    weak = {pair: round(ratio, 2) for pair in pairs if (ratio := contrast(*pair, scheme, palette)) < 3}
    assert weak == {}


def test_only_logical_properties_so_that_right_to_left_mirrors() -> None:
    sides = "left|right|top|bottom"
    physical = rf"[{{;]\s*((?:margin|padding|border|inset)-(?:{sides})|{sides}|(?:min-|max-)?(?:width|height))[\w-]*\s*:"
    assert re.findall(physical, ".a { margin-left: 1px; height: 2px; }") == ["margin-left", "height"]
    assert re.findall(physical, CSS) == []
    assert re.findall(r"(?:text-align|float)\s*:\s*(?:left|right)", CSS) == []


def test_nothing_is_fetched_from_elsewhere() -> None:
    assert re.findall(r"url\(|@import|@font-face", CSS) == []


def test_other_peoples_settings_are_heard() -> None:
    for query in ("prefers-reduced-motion: reduce", "forced-colors: active", "@media print"):
        assert query in CSS
    assert "color-scheme: light dark" in CSS
