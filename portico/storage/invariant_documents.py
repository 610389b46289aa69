"""Rules of documents that one query can tell: that they are there, what they sum to, and what corrects what.

An invoice that was corrected has a credit note over what was left of it and a new invoice, both of which refer to it; refunds are
credited besides. So the documents of a payment tell, at any time, what was kept of it. Only where the sale was invoiced elsewhere, a
refund that an import brought may have been credited there, under a number that nobody told.
"""

from portico.storage.invariant_rules import Check

# Per payment: what was given back of it and has no credit note here, as an import brought it. Where it should have one, a rule warns.
_UNCREDITED = """
    SELECT r.payment_id, sum(r.amount_minor) AS minor FROM refund r LEFT JOIN document note ON note.refund_id = r.id
    WHERE r.status = 'succeeded' AND r.key IS NULL AND note.id IS NULL GROUP BY r.payment_id
"""

DOCUMENT_RULES: tuple[Check, ...] = (
    Check(
        "what_is_paid_has_its_documents",
        """
        SELECT p.id, p.status || ', with ' || coalesce(d.kinds, 0) || ' of 2 kinds of documents'
        FROM payment p LEFT JOIN (
            SELECT payment_id, count(DISTINCT kind) AS kinds FROM document
            WHERE payment_id IS NOT NULL AND kind <> 'credit_note' AND corrects_id IS NULL GROUP BY payment_id
        ) d ON d.payment_id = p.id
        WHERE coalesce(d.kinds, 0) <> CASE WHEN p.status = 'succeeded' THEN 2 ELSE 0 END
        """,
    ),
    Check(
        "a_document_fits_its_payment",
        """
        SELECT d.id, 'it says ' || d.total_minor || ' ' || d.currency || ', the payment ' || p.total_minor || ' ' || p.currency
        FROM document d JOIN payment p ON p.id = d.payment_id
        WHERE (d.total_minor <> p.total_minor AND d.kind <> 'credit_note' AND d.corrects_id IS NULL)
           OR d.total_minor > p.total_minor OR d.currency <> p.currency OR d.order_id <> p.order_id
        """,
    ),
    Check(
        "documents_sum_to_what_was_kept",
        f"""
        SELECT p.id, 'its invoices less its credit notes are ' || d.said || ', and ' || (p.total_minor - p.refunded_minor) || ' was kept'
        FROM payment p JOIN (
            SELECT payment_id, sum(CASE kind WHEN 'invoice' THEN total_minor WHEN 'credit_note' THEN -total_minor ELSE 0 END) AS said
            FROM document WHERE payment_id IS NOT NULL GROUP BY payment_id
        ) d ON d.payment_id = p.id LEFT JOIN ({_UNCREDITED}) uncredited ON uncredited.payment_id = p.id
        WHERE p.status = 'succeeded' AND d.said <> p.total_minor - p.refunded_minor + coalesce(uncredited.minor, 0)
        """,  # noqa: S608
    ),
    Check(
        "what_is_corrected_is_cancelled_and_replaced",
        """
        SELECT old.id, 'it is cancelled by ' || d.notes || ' credit notes and replaced by ' || d.invoices || ' invoices'
        FROM document old JOIN (
            SELECT corrects_id, sum(CASE kind WHEN 'credit_note' THEN 1 ELSE 0 END) AS notes,
                   sum(CASE kind WHEN 'invoice' THEN 1 ELSE 0 END) AS invoices
            FROM document WHERE corrects_id IS NOT NULL AND refund_id IS NULL GROUP BY corrects_id
        ) d ON d.corrects_id = old.id
        WHERE d.notes <> 1 OR d.invoices <> 1
        UNION ALL
        SELECT d.id, 'it corrects ' || old.number || ', which is another payment''s, or no invoice'
        FROM document d JOIN document old ON old.id = d.corrects_id
        WHERE old.kind <> 'invoice' OR coalesce(d.payment_id, '') <> coalesce(old.payment_id, '') OR d.order_id <> old.order_id
           OR d.currency <> old.currency
        """,
    ),
    Check(
        "nothing_is_left_of_what_was_replaced",
        f"""
        SELECT old.id, 'it is replaced, and its credit notes are over ' || coalesce(credited.minor, 0) || ' of ' || old.total_minor
        FROM document old JOIN document successor ON successor.corrects_id = old.id AND successor.kind = 'invoice'
        LEFT JOIN (
            SELECT coalesce(note.corrects_id, original.id) AS invoice_id, sum(note.total_minor) AS minor
            FROM document note LEFT JOIN document original ON note.corrects_id IS NULL AND original.payment_id = note.payment_id
                AND original.kind = 'invoice' AND original.corrects_id IS NULL
            WHERE note.kind = 'credit_note' GROUP BY coalesce(note.corrects_id, original.id)
        ) credited ON credited.invoice_id = old.id LEFT JOIN ({_UNCREDITED}) uncredited ON uncredited.payment_id = old.payment_id
        WHERE coalesce(credited.minor, 0) NOT BETWEEN old.total_minor - coalesce(uncredited.minor, 0) AND old.total_minor
        """,  # noqa: S608
    ),
    Check(
        "what_was_given_back_has_its_credit_note",
        """
        SELECT r.id, 'it is ' || r.status || ', with ' || count(d.id) || ' credit notes' FROM refund r
        LEFT JOIN document d ON d.refund_id = r.id
        GROUP BY r.id, r.status, r.key, r.purpose
        HAVING count(d.id) <> CASE WHEN r.status = 'succeeded' AND r.purpose = 'money' THEN 1 ELSE 0 END
           AND (r.key IS NOT NULL OR count(d.id) > 0)
        UNION ALL
        SELECT d.id, 'it says ' || d.total_minor || ' ' || d.currency || ', the refund ' || r.amount_minor || ' ' || r.currency
        FROM document d JOIN refund r ON r.id = d.refund_id
        WHERE d.total_minor <> r.amount_minor OR d.currency <> r.currency OR coalesce(d.payment_id, '') <> r.payment_id
        """,
    ),
    Check(
        "imported_refunds_are_credited",
        """
        SELECT r.id, 'it has no credit note, as older versions imported it: portico document issue-missing issues it' FROM refund r
        JOIN document invoice ON invoice.payment_id = r.payment_id AND invoice.kind = 'invoice' AND invoice.corrects_id IS NULL
        LEFT JOIN document note ON note.refund_id = r.id
        WHERE r.status = 'succeeded' AND r.key IS NULL AND invoice.series IS NOT NULL AND note.id IS NULL
        """,
        "warning",
    ),
    Check(
        "tax_that_was_given_back_is_corrected",
        """
        SELECT r.id, 'tax was given back, and ' || CASE WHEN note.id IS NULL OR successor.id IS NULL THEN 'no invoice is corrected'
            ELSE note.number || ' and ' || successor.number || ' differ by ' || (note.total_minor - successor.total_minor) END
        FROM refund r
        LEFT JOIN document note ON note.corrects_id = (r.correction ->> 'document_id') AND note.kind = 'credit_note'
            AND note.refund_id IS NULL AND note.payment_id = r.payment_id
        LEFT JOIN document successor ON successor.corrects_id = note.corrects_id AND successor.kind = 'invoice'
        WHERE r.purpose = 'tax' AND r.status = 'succeeded'
          AND (note.id IS NULL OR successor.id IS NULL OR note.total_minor - successor.total_minor <> r.amount_minor)
        """,
    ),
    Check(
        "a_pack_has_all_its_parts",
        """
        SELECT k.id, 'its ' || coalesce(p.parts, 0) || ' parts have ' || coalesce(p.bytes, 0) || ' bytes of ' || k.size_bytes
        FROM pack k LEFT JOIN (
            SELECT pack_id, count(*) AS parts, max(sequence) AS highest, sum(length(body)) AS bytes FROM pack_part GROUP BY pack_id
        ) p ON p.pack_id = k.id
        WHERE k.status = 'ready' AND k.expires_at > :now
          AND (coalesce(p.bytes, 0) <> k.size_bytes OR coalesce(p.parts, 0) <> coalesce(p.highest, 0) OR k.done <> k.total)
        """,
    ),
)
