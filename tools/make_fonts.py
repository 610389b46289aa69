"""Make portico/documents/fonts/ anew: subsets of the Noto fonts, and the list of characters that can be printed.

Not run by make: the result is committed, because a document's bytes depend on it. To run it (Debian 12):

    apt-get download fonts-noto-core && dpkg-deb -x fonts-noto-core_20201225-1_all.deb noto
    python3 -m venv scratch && scratch/bin/pip install fonttools==4.68.0
    scratch/bin/python tools/make_fonts.py noto/usr/share/fonts/truetype/noto PATH/TO/NotoSansCJK-Regular.ttc

The TTC is the one that the dependency noto-cjk-sans-otc installs. Debian's Noto Sans Arabic is wanted for its age: later
ones build each letter from a skeleton and dots, and what a reader copies or searches in the PDF is then found half as often.
"""

import sys
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection, TTFont

OUT = Path(__file__).parent.parent / "portico" / "documents" / "fonts"

# Latin with Vietnamese, Cyrillic, Greek, punctuation, currency, letter-like symbols, arrows.
LATIN = [
    (0x20, 0x7E), (0xA0, 0x24F), (0x2B0, 0x36F), (0x370, 0x52F), (0x1E00, 0x1FFF), (0x2000, 0x206F), (0x2070, 0x209F),
    (0x20A0, 0x20CF), (0x2100, 0x214F), (0x2190, 0x2193), (0x2212, 0x2212), (0x25CC, 0x25CC), (0xFB00, 0xFB06),
]  # fmt: skip
BOTH_WEIGHTS = ("NotoSans", "NotoSansArabic", "NotoSansThai")
# A name may be written in these; no language of the portal is, so one weight does.
REGULAR_ONLY = (
    "NotoSansHebrew", "NotoSansArmenian", "NotoSansGeorgian", "NotoSansDevanagari", "NotoSansBengali", "NotoSansGurmukhi",
    "NotoSansGujarati", "NotoSansTamil", "NotoSansTelugu", "NotoSansKannada", "NotoSansMalayalam", "NotoSansKhmer", "NotoSansLao",
)  # fmt: skip
# A lone joiner has no glyph of its own in some fonts, and never needs one.
INVISIBLE = {0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x061C, 0x2066, 0x2067, 0x2068, 0x2069}
SKIPPED_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def make_subset(source: Path, target: Path, ranges: list[tuple[int, int]] | None) -> set[int]:
    """Write `source` cut down to `ranges` (all, if None), without hinting; gives the characters it covers."""
    font = TTFont(source, recalcTimestamp=False)
    options = subset.Options(layout_features=["*"], name_IDs=["*"], notdef_outline=True, glyph_names=False, hinting=False)
    options.drop_tables += ["DSIG", "STAT"]
    wanted = set(font.getBestCmap()) if ranges is None else {c for first, last in ranges for c in range(first, last + 1)}
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=wanted)
    cutter.subset(font)
    font.save(target)
    covered = set(font.getBestCmap())
    print(f"{target.name:34} {len(covered):6} characters {target.stat().st_size:8} bytes")
    return covered


def ranges_of(points: Iterable[int]) -> list[tuple[int, int]]:
    """Sorted, merged ranges, both ends included."""
    out: list[tuple[int, int]] = []
    for point in sorted(points):
        if out and point == out[-1][1] + 1:
            out[-1] = (out[-1][0], point)
        else:
            out.append((point, point))
    return out


def printable(points: Iterable[int]) -> set[int]:
    """Without controls, private use and what is unassigned; only the invisible characters that text needs."""
    return {c for c in points if unicodedata.category(chr(c)) not in SKIPPED_CATEGORIES} | INVISIBLE


def main(noto: Path, cjk: Path) -> None:
    covered: set[int] = set()
    for name in (*BOTH_WEIGHTS, *REGULAR_ONLY):
        ranges = LATIN if name == "NotoSans" else None
        regular = make_subset(noto / f"{name}-Regular.ttf", OUT / f"{name}-Regular.ttf", ranges)
        if name in BOTH_WEIGHTS:
            bold = make_subset(noto / f"{name}-Bold.ttf", OUT / f"{name}-Bold.ttf", ranges)
            if regular != bold:
                raise SystemExit(f"{name}: the two weights cover different characters: {sorted(regular ^ bold)}")
        covered |= regular
    for font in TTCollection(cjk).fonts:
        covered |= set(font.getBestCmap())
    lines = [f"{first:X}-{last:X}" for first, last in ranges_of(printable(covered))]
    (OUT / "coverage.txt").write_text("\n".join(lines) + "\n", encoding="ascii")
    print(f"coverage.txt: {len(printable(covered))} characters in {len(lines)} ranges")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
