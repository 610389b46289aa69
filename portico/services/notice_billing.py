"""Mails about billing details."""

from portico.services.notice_matter import Matter
from portico.services.notice_text import Content, Pen


def tax_id_unknown(pen: Pen, matter: Matter) -> Content:
    number, proof = matter.text("number"), matter.text("consultation_number")
    subject = pen.say("subject", tax_id=number)
    return Content(
        subject,
        pen.heading(subject),
        before=(pen.say("unknown", tax_id=number), pen.say("tax")),
        rows=(
            pen.row("tax_id", number),
            pen.row("checked_at", pen.moment(matter.at)),
            *((pen.row("consultation_number", proof),) if proof else ()),
        ),
        after=(pen.say("check"),),
        button=pen.button("billing_details"),
        path="/billing-details",
    )
