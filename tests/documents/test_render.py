"""The renderer: what it prints, in which order, and that nothing but its data decides about the bytes."""

import hashlib
import io
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pikepdf
import pytest
import typst

from portico.documents import render as module
from portico.documents.print_data import Attachment
from portico.documents.render import render
from portico.i18n.languages import LANGUAGES
from portico.services import einvoice
from portico.services.document_print import print_data
from tests.documents.pdf_text import pages_of, text_of
from tests.documents.samples import CORRECTED, HARD, HOSTILE, ORDINARY, charged, many_lines

_DIGITS = re.compile("[0-9](?:.*[0-9])?")
TAGS = [language.tag for language in LANGUAGES]
_HASHES = """
import hashlib
from portico.documents.render import render
from portico.services import einvoice
from portico.services.document_print import print_data
from tests.documents.samples import HARD, ORDINARY
for content, language in ((ORDINARY, "en"), (HARD["mixed scripts"], "ar"), (HARD["yen"], "ja"), (HARD["unprintable"], "th")):
    print(hashlib.sha256(render(print_data(content, language), attachments=einvoice.attachments(content))).hexdigest())
"""


@pytest.mark.parametrize("language", TAGS)
def test_every_language_prints_invoice_and_receipt(language: str) -> None:
    for content in (ORDINARY, replace(ORDINARY, kind="receipt", number="REC-2026-000007"), HARD["mixed scripts"], HARD["unprintable"]):
        data = print_data(content, language)
        text = text_of(render(data))
        assert data.number in text
        assert data.title in text or data.title[::-1] in text  # right-to-left words are drawn from their end
        assert "\ufffd" not in text


@pytest.mark.parametrize("case", HARD)
@pytest.mark.parametrize("language", ["en", "ar", "ja"])
def test_hard_cases_are_printed_with_their_number_and_total(case: str, language: str) -> None:
    content = replace(HARD[case], kind="receipt" if HARD[case].paid_minor else "invoice")
    data = print_data(content, language)
    text = text_of(render(data))
    total = next(row.value for row in data.totals if row.strong)
    digits = re.search(r"[0-9](.*[0-9])?", total)  # a right-to-left line has its pieces in the order they are drawn
    assert content.number in text
    assert digits is not None
    assert digits[0] in text


def test_markup_in_a_value_is_printed_as_it_is_typed() -> None:
    text = " ".join(text_of(render(print_data(HARD["hostile markup"], "en"))).split())
    assert "root:" not in text
    assert text.count('#read("/etc/passwd")') >= 8
    assert "#{ while true {} }" in text
    assert HOSTILE.split()[-1] in text


def test_the_head_of_the_table_comes_again_on_every_page() -> None:
    pages = pages_of(render(print_data(many_lines(200), "en")))
    assert len(pages) > 4
    for number, page in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in page
    assert all("Unit price" in page for page in pages[:-1])
    assert all("Invoice INV-2026-000042" in page for page in pages[1:])
    assert all(f"Position {i}" in "\n".join(pages) for i in range(200))
    assert "Total" in pages[-1]


@pytest.mark.parametrize("language", ["en", "ar"])
def test_what_the_lines_came_to_is_carried_from_page_to_page(language: str) -> None:
    """At the foot of each page and at the head of the next: the sum of all positions so far."""
    data = print_data(many_lines(200), language)
    pages, so_far = pages_of(render(data)), 0
    for number, page in enumerate(pages):
        assert page.count(f"{so_far}.00") >= (number > 0)
        so_far += page.count("Position")
        assert page.count(f"{so_far}.00") >= 1
    assert so_far == 200
    if language == "en":  # elsewhere letters may stand in the order in which they are drawn
        assert [page.count("Carried forward") for page in pages] == [1, *[2] * (len(pages) - 2), 1]


@pytest.mark.parametrize(("lines", "on_each_page", "carried"), [(1, [1], [0]), (2, [2], [0]), (17, [17, 0], [0, 0]), (20, [20, 0], [1, 1])])
def test_nothing_is_carried_from_lines_that_end_on_their_page(lines: int, on_each_page: list[int], carried: list[int]) -> None:
    """The totals count as their end: where they have a page to themselves, it begins with what they sum up."""
    content = charged("EUR", *((f"Position {i}", 1, 100) for i in range(lines)), rate="19", tax_minor=19 * lines)
    pages = pages_of(render(print_data(content, "en")))
    assert [page.count("Position") for page in pages] == on_each_page
    assert [page.count("Carried forward") for page in pages] == carried


def test_what_is_longer_than_a_page_goes_on_on_the_next_one() -> None:
    """A store may have much to say about many rates; nothing of it may run over the foot of the page and off it."""
    data = print_data(ORDINARY, "en")
    notes = tuple(f"Note {i}: " + "why this rate is what it is and which law says so. " * 5 for i in range(40))
    pages = pages_of(render(replace(data, notes=notes, totals=data.totals * 14)))
    assert sum(page.count("Note ") for page in pages) == 40
    assert max(page.count("Note ") for page in pages) < 20
    assert max(page.count("VAT 19%") for page in pages) < 14


_STEERING = re.compile("[\u200b\u200e\u200f\u2066-\u2069]|\\s")
_OF_THE_LANGUAGE = {"th", "ar"}  # whose letters a reader of the file has to put in order again; what is foreign to them stands as it is


@pytest.mark.parametrize("language", TAGS)
def test_what_is_printed_is_found_again_in_the_text_of_the_file(language: str) -> None:
    """Totals, names and numbers in every language; and every word, where letters stand in the order in which they are read."""
    data = print_data(CORRECTED, language)
    text = _STEERING.sub("", text_of(render(data)))
    parties = [part for party in (data.seller, data.buyer) for part in (party.name, *(fact.value for fact in party.facts))]
    amounts = [line.amount for line in data.lines] + [total.value for total in data.totals]
    assert data.taxes is not None
    amounts += [amount for row in data.taxes.rows for amount in (row.base, row.tax)]
    looked_for = [data.number, CORRECTED.order_id, *parties, *(_DIGITS.findall(_STEERING.sub("", amount))[0] for amount in amounts)]
    if language not in _OF_THE_LANGUAGE:
        labels = [fact.label for fact in (*data.facts, *data.payment)] + [total.label for total in data.totals]
        looked_for += [data.title, data.headline, *labels, *amounts, *data.notes, *(line.description for line in data.lines)]
    assert [each for each in looked_for if _STEERING.sub("", each) not in text] == []


def test_amounts_are_never_painted_over() -> None:
    """A long word stays within its column; without breaks it would run over the amounts and off the page."""
    with pikepdf.open(io.BytesIO(render(print_data(HARD["long words"], "en")))) as document:
        edges = [edge for page in document.pages for edge in _right_edges(page)]
        margin = float(document.pages[0].MediaBox[2]) - 56.69  # 20 mm
    assert len(edges) > 100
    assert margin - 1 < max(edges) < margin + 0.1


def test_paper_follows_the_country() -> None:
    american = replace(ORDINARY, billing_detail=replace(ORDINARY.billing_detail, country="US"))
    assert _paper(ORDINARY) == (595, 842)
    assert _paper(american) == (612, 792)


def test_the_file_says_what_it_is() -> None:
    with pikepdf.open(io.BytesIO(render(print_data(ORDINARY, "pt-BR")))) as document:
        with document.open_metadata() as metadata:
            assert metadata["dc:title"].endswith("INV-2026-000042")
            assert metadata["dc:creator"] == ["Nordlicht Cloud GmbH"]
            assert metadata["xmp:CreateDate"] == "2026-11-01T09:30:00+00:00"
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"], metadata["pdfuaid:part"]) == ("3", "A", "1")
        assert str(document.Root.Lang) == "pt-BR"
        assert len({bytes(each) for each in document.trailer.ID}) == 2
        assert document.Root.MarkInfo.Marked


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_author_can_be_searched_for(language: str) -> None:
    """Without the invisible characters that steer the layout."""
    name = "Donaudampfschifffahrtsgesellschaft mbH"
    content = replace(ORDINARY, seller=replace(ORDINARY.seller, legal_name=name))
    with pikepdf.open(io.BytesIO(render(print_data(content, language)))) as document:
        assert document.open_metadata()["dc:creator"] == [name]
        assert str(document.docinfo.Author) == name


def test_the_same_data_gives_the_same_bytes_everywhere() -> None:
    """In another process, time zone and hash seed (design, section 8)."""
    runs = [
        subprocess.run(
            [sys.executable, "-c", _HASHES],
            env={"PATH": "/usr/bin:/bin", "TZ": zone, "PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            capture_output=True, text=True, check=True,
        ).stdout
        for zone, seed in (("Pacific/Kiritimati", "1"), ("America/Los_Angeles", "4711"))
    ]  # fmt: skip
    assert runs[0] == runs[1]
    here = render(print_data(ORDINARY, "en"), attachments=einvoice.attachments(ORDINARY))
    assert runs[0].split()[0] == hashlib.sha256(here).hexdigest()


def test_each_document_has_an_id_of_its_own() -> None:
    ids = set[bytes]()
    for number in ("INV-2026-000001", "INV-2026-000002"):
        with pikepdf.open(io.BytesIO(render(print_data(replace(ORDINARY, number=number), "en")))) as document:
            ids.add(bytes(document.trailer.ID[1]))
    assert len(ids) == 2
    assert all(len(each) == 24 for each in ids)


def test_threads_do_not_meet() -> None:
    contents = [replace(ORDINARY, number=f"INV-2026-{i:06d}") for i in range(12)]
    alone = [render(print_data(content, "de")) for content in contents]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda content: render(print_data(content, "de")), contents))
    assert together == alone


def test_a_combination_no_font_has_is_printed_without_its_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    """None is known; should a font turn up that lacks one, the document still comes out."""
    compile_, seen = module._compile, list[dict[str, object]]()

    def refuse_marks(values: dict[str, object], *rest: object) -> bytes:
        seen.append(values)
        if "\u0e31" in str(values):
            raise typst.TypstError("no glyph")
        return compile_(values, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_compile", refuse_marks)
    pdf = render(print_data(replace(ORDINARY, store_name="กั Shop"), "en"))
    assert len(seen) == 2
    assert "ก Shop" in " ".join(text_of(pdf).split())
    assert "\u0e31" not in text_of(pdf)
    assert "INV-2026-000042" in text_of(pdf)


def test_an_attachment_is_in_the_file_byte_by_byte() -> None:
    body = "<?xml version='1.0'?><a>&amp; \u200b#panic() Ł國 \r\n</a>".encode()
    file = Attachment("factur-x.xml", body, "The invoice as data")
    pdf = render(print_data(ORDINARY, "en"), attachments=(file,))
    with pikepdf.open(io.BytesIO(pdf)) as document:
        (attached,) = document.Root.AF
        assert (attached.UF, attached.Desc, attached.AFRelationship) == ("factur-x.xml", "The invoice as data", "/Alternative")
        assert attached.EF.F.read_bytes() == body
        assert attached.EF.F.Subtype == "/text/xml"
        assert list(document.attachments) == ["factur-x.xml"]
    assert render(print_data(ORDINARY, "en"), attachments=(file,)) == pdf


def test_a_mistake_in_the_template_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> bytes:
        raise typst.TypstError("no such thing")

    monkeypatch.setattr(module, "_compile", refuse)
    with pytest.raises(typst.TypstError):
        render(print_data(ORDINARY, "en"))


def test_right_to_left_values_keep_their_order() -> None:
    """In Arabic "20459 Hamburg" would come out as "Hamburg 20459": each value is isolated, also from the words around it."""
    data = print_data(ORDINARY, "ar")
    values = module._values(data)
    assert values["seller"]["lines"][1] == "\u206820459 Hamburg\u2069"
    assert values["totals"][1]["label"].endswith("\u2069\u2069")  # the rate within its label
    assert values["document_title"] == data.document_title
    english = module._values(print_data(replace(ORDINARY, store_name="متجر 12"), "en"))
    assert english["store_name"] == "\u2068متجر 12\u2069"
    assert english["number"] == "INV-2026-000042"


def _paper(content: object) -> tuple[int, int]:
    with pikepdf.open(io.BytesIO(render(print_data(content, "en")))) as document:  # type: ignore[arg-type]
        left, bottom, right, top = (float(x) for x in document.pages[0].MediaBox)
    return round(right - left), round(top - bottom)


def _right_edges(page: pikepdf.Page) -> list[float]:
    """Where each piece of text ends, in points from the left edge of the page, or where it is clipped."""
    edges, stack, path = list[float](), list[tuple[float, float]](), list[float]()
    (x, clip), size, widths = (0.0, 1e9), 0.0, dict[int, float]()
    for instruction in pikepdf.parse_content_stream(page):
        operator, operands = str(instruction.operator), instruction.operands
        if operator == "q":
            stack.append((x, clip))
        elif operator == "Q":
            x, clip = stack.pop()
        elif operator == "cm":
            x += float(operands[4])
        elif operator in ("m", "l"):
            path = [*path, x + float(operands[0])] if operator == "l" else [x + float(operands[0])]
        elif operator == "W":
            clip = min(clip, max(path))
        elif operator == "Tf":
            widths, size = _widths(page.Resources.Font[str(operands[0])].DescendantFonts[0]), float(operands[1])
        elif operator == "TJ":
            codes = b"".join(bytes(part) for part in operands[0] if isinstance(part, pikepdf.String))
            kerned = sum(float(part) for part in operands[0] if not isinstance(part, pikepdf.String))
            advance = sum(widths.get(int.from_bytes(codes[i : i + 2]), 0.0) for i in range(0, len(codes), 2)) - kerned
            edges.append(min(clip, x + advance * size / 1000))
    return edges


def _widths(font: pikepdf.Object) -> dict[int, float]:
    """A composite font's /W array: [first [w w ...]] or [first last w]."""
    table, array = dict[int, float](), list(font.get("/W", []))
    while array:
        first, second = int(array[0]), array[1]
        if isinstance(second, pikepdf.Array):
            table |= {first + i: float(width) for i, width in enumerate(second)}
            array = array[2:]
        else:
            table |= dict.fromkeys(range(first, int(second) + 1), float(array[2]))
            array = array[3:]
    return table
