"""What the mails about money and plans say: every one of them, in every language, and with what people put into names."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import mrml
import pytest

from portico.domain.subscription import charge_of
from portico.i18n.format import formats
from portico.i18n.languages import LANGUAGES, by_tag
from portico.i18n.notice_words import BUTTONS, FACTS, NOTICES
from portico.i18n.templates import environment
from portico.mail import messages
from portico.services import notice, notice_content
from portico.services.notice_matter import Matter
from portico.services.notice_text import Content, Text
from portico.web.portal.routes import is_page
from tests.services import notice_cases
from tests.services.notice_cases import ACTIVE, CASES, NOW, ORDER, PAID, UPGRADE, kind_of, matter

TAGS = [language.tag for language in LANGUAGES]
HOSTILE = "<b>Gold</b> {amount} & \u202eoro\u2028Bcc: eve@example.com\r\n\x00" + "x" * 200


def write(case: str, language: str = "en", *, about: Matter | None = None) -> Content:
    return notice_content.write(kind_of(case), about or CASES[case], language=language, zone="Europe/Berlin")


def texts(content: Content) -> Iterator[Text]:
    yield from (content.subject, content.heading, *content.before, *content.after)
    for row in content.rows:
        yield from (row.label, row.value)


def variables(content: Content, language: str) -> dict[str, object]:
    direction = by_tag(language).direction
    start, end = ("right", "left") if direction == "rtl" else ("left", "right")
    return {
        "content": content, "link": "https://portal.test/n/portal/x", "store_name": "Nordlicht", "initial": "N", "accent": "#2457d6",
        "on_accent": "#ffffff", "support_email": "help@nordlicht.example", "time_zone": "Europe/Berlin", "test": False,
        "recipient": "ada@example.com", "language": language, "dir": direction, "start": start, "end": end,
    }  # fmt: skip


def html(content: Content, language: str = "en") -> str:
    template = environment(language, messages.LOADER).get_template("notice.mjml.j2")
    return messages.to_html(template.render(variables(content, language), subject=content.subject.short))


def text(content: Content, language: str = "en") -> str:
    return environment(language, messages.LOADER).get_template("notice.txt.j2").render(variables(content, language))


def test_every_mail_in_english_reads_as_it_was_approved() -> None:
    approved = (Path(__file__).parent / "notices.txt").read_text(encoding="utf-8")
    assert notice_cases.every_english() == approved, "read it, then: python -m tests.services.notice_cases"


def test_every_kind_has_words_and_a_writer_and_a_case() -> None:
    assert set(NOTICES) == set(notice_content.WRITERS) == {kind_of(case) for case in CASES} == set(notice.KINDS)


def test_no_sentence_is_written_that_no_mail_says() -> None:
    said = {kind: set[str]() for kind in NOTICES}
    for case in CASES:
        content = write(case)
        kind = "cancellation_scheduled" if case == "subscription_ended.at_once" else kind_of(case)
        said[kind] |= {text.words for text in texts(content)}
    unsaid = {(kind, code) for kind, sentences in NOTICES.items() for code, message in sentences.items() if message.text not in said[kind]}
    assert not unsaid
    labels = {row.label.words for case in CASES for row in write(case).rows}
    assert not {code for code, message in FACTS.items() if message.text not in labels}
    assert not {code for code, message in BUTTONS.items() if message.text not in {write(case).button for case in CASES}}


@pytest.mark.parametrize("tag", TAGS)
def test_every_mail_is_whole_in_every_language(tag: str) -> None:
    for case in CASES:
        content = write(case, tag)
        source = environment(tag, messages.LOADER).get_template("notice.mjml.j2").render(variables(content, tag), subject="x")
        rendered = mrml.to_html(source)
        assert not rendered.warnings, case
        plain, page = text(content, tag), rendered.content
        for leftover in re.findall(r"\{\{|\{%|\{[a-z_]+\}|<mj-", plain + re.sub(r"<style.*?</style>", "", page, flags=re.DOTALL)):
            raise AssertionError(f"{case}: {leftover}")
        assert plain.splitlines()[0] == content.subject.short
        assert content.button in plain
        assert 'href="https://portal.test/n/portal/x"' in page


@pytest.mark.parametrize("case", CASES)
def test_every_button_leads_to_a_page_that_a_sign_in_comes_back_to(case: str) -> None:
    assert is_page(write(case).path)


@pytest.mark.parametrize("case", CASES)
def test_subjects_are_short(case: str) -> None:
    assert len(write(case).subject.short) <= 78


def test_right_to_left_is_set_from_the_right() -> None:
    page = html(write("payment_received", "ar"), "ar")
    assert 'dir="rtl"' in page
    head, _, table = page.partition("<th ")
    assert head
    assert "text-align:right" in table
    assert "padding-left:16px" in table


@pytest.mark.parametrize(
    ("currency", "minor", "shown"), [("JPY", 4900, "¥4,900 JPY"), ("KWD", 4900, "KWD\u00a04.900"), ("EUR", 4900, "€49.00")]
)
def test_amounts_have_the_decimals_of_their_currency(currency: str, minor: int, shown: str) -> None:
    now_is = replace(ACTIVE, currency=currency, unit_minor=minor, tax_rate="0")
    payment = replace(PAID, currency=currency, net_minor=minor, tax_minor=0, total_minor=minor)
    content = write("payment_received", about=matter(now_is, payment=payment, order=ORDER))
    assert shown in content.subject.plain.replace("JPY\u00a0", "JPY ").replace("\u00a0JPY", " JPY")
    assert sum(shown in row.value.plain.replace("\u00a0JPY", " JPY") for row in content.rows) >= 3


def test_what_will_be_charged_is_what_the_engine_will_charge() -> None:
    now_is = replace(ACTIVE, currency="KWD", unit_minor=3333, quantity=7, tax_rate="8.875", interval="year")
    charge = charge_of(now_is, 3333 * 7, now_is.period_end)
    values = {row.label.plain: row.value.plain for row in write("upcoming_charge", about=matter(now_is)).rows}
    assert values["Total"] == formats("en").money_code(charge.total_minor, "KWD")
    assert values["Tax (8.875%)"] == formats("en").money_code(charge.tax_minor, "KWD")


def test_a_change_for_money_adds_up_line_by_line() -> None:
    shown = [row.value.plain for row in write("plan_changed").rows]
    assert [shown[2], shown[3], shown[4], shown[5]] == ["-€9.67", "€16.33", "€1.27", "€7.93"]
    assert sum(line.net_minor for line in UPGRADE.lines) + UPGRADE.tax_minor == UPGRADE.total_minor


@pytest.mark.parametrize("case", [case for case in CASES if CASES[case].has("plan")])
def test_a_hostile_name_is_text_and_stays_on_its_line(case: str) -> None:
    about = CASES[case]
    payment = about.payment and replace(about.payment, lines=tuple(replace(line, description=HOSTILE) for line in about.payment.lines))
    order = about.order and replace(about.order, product_name=HOSTILE)
    told = {**about.told, "plan": HOSTILE, "from_plan": HOSTILE, **({"change_plan": HOSTILE} if about.has("change_plan") else {})}
    content = write(case, about=replace(about, told=told, payment=payment, order=order))
    page, plain = html(content), text(content)
    assert "<b>" not in page
    assert "&lt;b&gt;Gold&lt;/b&gt; {amount}" in page
    assert "<b>Gold</b> {amount} & oro Bcc: eve@example.com xxx" in plain
    assert not re.search("[\u202a-\u202e\u2028\x00]", page + plain)
    assert not any(line.startswith("Bcc") for line in plain.splitlines())
    assert len(plain.splitlines()[0]) < 200


def test_what_buyers_and_shops_write_is_text() -> None:
    ticket = replace(notice_cases.DECLINED, reason="<i>me</i>\nTotal: €0", note="<u>no</u>")
    content = write("refund_rejected", about=replace(CASES["refund_rejected"], ticket=ticket))
    assert "&lt;i&gt;me&lt;/i&gt; Total: €0" in html(content)
    assert "Your reason: <i>me</i> Total: €0\n" in text(content)


def test_a_mail_loads_nothing_from_anywhere() -> None:
    page = html(write("plan_changed"))
    assert re.findall(r"<(?:img|link|iframe|script|video|object)\b", page) == []
    assert set(re.findall(r"https?://([^/\"' <]+)", page)) <= {"portal.test", "www.w3.org"}


@pytest.mark.parametrize(
    ("kind", "status", "moot"),
    [
        ("payment_uncertain", "unknown", False),
        ("payment_uncertain", "pending", False),
        ("payment_uncertain", "succeeded", True),
        ("payment_uncertain", "failed", True),
        ("payment_failed", "failed", False),
        ("payment_failed", "pending", False),
        ("payment_failed", "unknown", False),
        ("payment_failed", "succeeded", True),
        ("payment_failed", "canceled", True),
        ("payment_received", "succeeded", False),
        ("subscription_ended_unpaid", "canceled", False),
    ],
)
def test_nobody_is_alarmed_about_what_is_settled(kind: notice.Kind, status: str, moot: bool) -> None:
    about = matter(ACTIVE, payment=replace(PAID, status=status), order=ORDER)  # type: ignore[arg-type]
    assert notice_content.is_moot(kind, about) is moot


def test_nobody_is_reminded_of_a_charge_that_will_not_come() -> None:
    about = CASES["upcoming_charge"]
    now_is = notice_cases.YEARLY
    assert not notice_content.is_moot("upcoming_charge", replace(about, subscription=now_is))
    assert notice_content.is_moot("upcoming_charge", replace(about, subscription=replace(now_is, status="canceling")))
    assert notice_content.is_moot("upcoming_charge", replace(about, subscription=replace(now_is, period_end=NOW)))
    expiring = replace(CASES["card_expiring"], subscription=replace(ACTIVE, method=notice_cases.EXPIRING))
    assert not notice_content.is_moot("card_expiring", expiring)
    assert notice_content.is_moot("card_expiring", replace(expiring, subscription=ACTIVE))
