"""The e-invoice of a document, in the document's own words: the sentences that its PDF prints in the language it was issued in."""

from portico.documents import einvoice, factur_x
from portico.documents.en16931 import Words
from portico.documents.print_data import Attachment
from portico.domain.invoice import DocumentContent
from portico.i18n.catalog import catalog
from portico.i18n.words import tax_note
from portico.services.document_print import print_data


def cii(content: DocumentContent) -> bytes:
    """In the syntax CII, the one within the PDF. Raises Refused("no_einvoice")."""
    return einvoice.cii(content, _words(content))


def ubl(content: DocumentContent) -> bytes:
    """In the syntax UBL. Raises Refused("no_einvoice")."""
    return einvoice.ubl(content, _words(content))


def exists(content: DocumentContent) -> bool:
    """Whether the document has one."""
    return einvoice.why_not(content) is None


def attachments(content: DocumentContent, made: bytes | None = None) -> tuple[Attachment, ...]:
    """What goes into the PDF: the e-invoice in CII, if there is one; `made` is that which was made before. It is the same in a copy
    in another language."""
    return (factur_x.attachment(made or cii(content)),) if exists(content) else ()


def _words(content: DocumentContent) -> Words:
    language = content.language
    _ = catalog(language).gettext
    return Words(
        reverse_charge=tax_note(language, "reverse_charge"),
        exempt=tax_note(language, "exempt"),
        outside_scope=tax_note(language, "outside_scope"),
        unused_time=_("Unused time on {plan}"),
        test=_("This is a test. It is not a valid document."),
        notes=print_data(content, language, breaks_words=False).notes,
    )
