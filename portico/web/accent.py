"""A store's accent colour, mapped onto the palettes of portal.css: the pages' security policy allows no inline style, and each
palette is tuned so that its text keeps a contrast of at least 4.5 : 1 in light and in dark."""

import colorsys
import re

_HUES: dict[str, int] = {  # degrees on the HSL wheel
    "red": 0,
    "orange": 24,
    "amber": 41,
    "lime": 82,
    "green": 145,
    "teal": 174,
    "sky": 199,
    "blue": 220,
    "indigo": 242,
    "violet": 266,
    "pink": 322,
    "rose": 346,
}
ACCENTS: tuple[str, ...] = (*_HUES, "slate")
DEFAULT = "indigo"
_HEX = re.compile(r"#[0-9a-fA-F]{6}\Z")
_GREY_BELOW = 0.2  # saturation under which a colour reads as grey


def accent_name(color: str) -> str:
    """The palette nearest in hue to `#rrggbb`; "slate" for greys; DEFAULT when the text is not a colour."""
    if not _HEX.match(color):
        return DEFAULT
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    if saturation < _GREY_BELOW or not 0.04 < lightness < 0.96:
        return "slate"
    degrees = hue * 360

    def distance(name: str) -> float:
        apart = abs(degrees - _HUES[name])
        return min(apart, 360 - apart)

    return min(_HUES, key=distance)
