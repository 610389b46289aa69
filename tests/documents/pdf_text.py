"""What a reader that copies text out of a PDF gets: glyphs through ToUnicode, or /ActualText where the file gives it."""

import io
import re

import pikepdf

_CHAR = re.compile(rb"<(\w+)>\s*<(\w+)>")
_RANGE = re.compile(rb"<(\w+)>\s*<(\w+)>\s*<(\w+)>")
_INVISIBLE = re.compile("[\u200b\u2066-\u2069]")


def pages_of(pdf: bytes) -> list[str]:
    """The text of each page, a line for each piece of text in one font, without the invisible characters that only steer its layout."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        return [_INVISIBLE.sub("", _page(page)) for page in document.pages]


def text_of(pdf: bytes) -> str:
    """The text of all pages."""
    return "\n".join(pages_of(pdf))


def _page(page: pikepdf.Page) -> str:
    fonts = {name: _to_unicode(font) for name, font in page.Resources.Font.items()}
    out, font, spoken = list[str](), dict[int, str](), list[str | None]()
    for instruction in pikepdf.parse_content_stream(page):
        operator, operands = str(instruction.operator), instruction.operands
        if operator == "Tf":
            font = fonts[str(operands[0])]
        elif operator in ("BDC", "BMC"):
            actual = operands[1].get("/ActualText") if operator == "BDC" and isinstance(operands[1], pikepdf.Dictionary) else None
            spoken.append(None if actual is None else str(actual))
            out.append(spoken[-1] or "")
        elif operator == "EMC":
            spoken.pop()
        elif operator == "ET":
            out.append("\n")
        elif operator in ("Tj", "TJ") and not any(text is not None for text in spoken):
            parts = operands[0] if operator == "TJ" else [operands[0]]
            out += [_decoded(bytes(part), font) for part in parts if isinstance(part, pikepdf.String)]
    return "".join(out)


def _decoded(codes: bytes, font: dict[int, str]) -> str:
    return "".join(font.get(int.from_bytes(codes[i : i + 2]), "\ufffd") for i in range(0, len(codes), 2))


def _to_unicode(font: pikepdf.Object) -> dict[int, str]:
    cmap, table = font.ToUnicode.read_bytes(), dict[int, str]()
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", cmap, re.DOTALL):
        table |= {int(code, 16): _utf16(text) for code, text in _CHAR.findall(block)}
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", cmap, re.DOTALL):
        for first, last, text in _RANGE.findall(block):
            start = _utf16(text)
            table |= {code: start[:-1] + chr(ord(start[-1]) + code - int(first, 16)) for code in range(int(first, 16), int(last, 16) + 1)}
    return table


def _utf16(digits: bytes) -> str:
    return bytes.fromhex(digits.decode()).decode("utf-16-be")
