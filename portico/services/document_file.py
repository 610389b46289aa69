"""Hand out the files of documents: the PDF in any language, and the e-invoices.

A file is made when it is first wanted, outside of any transaction; the one that is kept first is served from then on, so that a
newer template never changes what somebody has already filed. Should one fail to be made, a job tries again until it is, visitors
are told to come back, and `portico check` tells the operator. Nothing else waits for it.
"""

import re
from typing import TYPE_CHECKING, Literal

import sqlalchemy as sa
import structlog

from portico.domain.errors import PorticoError, Refused
from portico.domain.invoice import Document, content_of
from portico.domain.particulars import missing
from portico.domain.scope import BuyerScope
from portico.i18n.languages import is_language
from portico.services import einvoice
from portico.services.document_print import print_data
from portico.services.late import Late
from portico.services.runtime import Runtime
from portico.services.secrets import keyed
from portico.storage import document, outbox, rate_limit

if TYPE_CHECKING:
    from portico.documents import render
else:
    render = Late("portico.documents.render")

log = structlog.get_logger("portico.documents")

MediaType = Literal["application/pdf", "application/cii+xml", "application/ubl+xml"]
PDF: MediaType = "application/pdf"
CII: MediaType = "application/cii+xml"  # EN 16931 in the syntax of UN/CEFACT, as it is within the PDF
UBL: MediaType = "application/ubl+xml"  # the same in the syntax of OASIS
_XML: dict[str, MediaType] = {"cii": CII, "ubl": UBL}
JOB = "render_document"
MADE_PER_HOUR = 60  # PDFs of one buyer that are made while he waits; a pack of a year has no such limit
_HOUR_SECONDS = 3600
_NOT_IN_A_NAME = re.compile(r"[^\w.-]+")
_DEVICE = re.compile(r"(con|prn|aux|nul|(com|lpt)[0-9¹²³])(\.|\Z)", re.IGNORECASE)  # names that Windows keeps for itself, with any ending


class DocumentNotReady(PorticoError):
    """The file could not be made yet. A job tries again."""

    code = "document_not_ready"


def pdf(runtime: Runtime, scope: BuyerScope, document_id: str, language: str | None = None) -> tuple[bytes, str]:
    """A buyer's document as a PDF and a name for the file, in its own language or as a copy in another.

    Raises NotFound, also for another buyer's document, Refused("language_unknown"), DocumentNotReady, and Refused("document_limit")
    for who has had MADE_PER_HOUR made. What is kept costs next to nothing, and is not counted.
    """
    with runtime.database.read() as connection:
        found = document.get(connection, scope, document_id)
    return file_of(runtime, scope, found, PDF, language, limited=True)


def xml(runtime: Runtime, scope: BuyerScope, document_id: str, kind: Literal["cii", "ubl"]) -> tuple[bytes, str]:
    """A buyer's document as an e-invoice (EN 16931) and a name for the file.

    Raises NotFound, Refused("no_einvoice") where the standard has no words for it, and DocumentNotReady.
    """
    with runtime.database.read() as connection:
        found = document.get(connection, scope, document_id)
    return file_of(runtime, scope, found, _XML[kind])


def pdf_of_any(runtime: Runtime, document_id: str, language: str | None = None) -> tuple[bytes, str]:
    """Any document, for whoever runs the installation, never for a visitor. What stands against making it is raised as it is."""
    with runtime.database.read() as connection:
        scope, found = document.get_any(connection, document_id)
    return _kept_or_made(runtime, scope, found, PDF, _spoken(found, language))


def missing_on_any(runtime: Runtime, document_id: str) -> tuple[str, ...]:
    """Which particulars any document lacks by the law of its seller's country, as codes of `domain.particulars`. Raises NotFound."""
    with runtime.database.read() as connection:
        _, found = document.get_any(connection, document_id)
    return missing(content_of(found))


def xml_of_any(runtime: Runtime, document_id: str, kind: Literal["cii", "ubl"]) -> tuple[bytes, str]:
    """The e-invoice of any document, for whoever runs the installation. Raises NotFound and Refused("no_einvoice")."""
    with runtime.database.read() as connection:
        scope, found = document.get_any(connection, document_id)
    return _kept_or_made(runtime, scope, found, _XML[kind], found.language)


def file_of(
    runtime: Runtime, scope: BuyerScope, found: Document, media_type: MediaType, language: str | None = None, *, limited: bool = False
) -> tuple[bytes, str]:
    """A file of a document that was read with its content, made and kept if there is none yet; `limited` to so many made an hour.
    E-invoices have one language, the document's. Raises Refused("language_unknown"), Refused("no_einvoice") and DocumentNotReady."""
    language = _spoken(found, language)
    try:
        return _kept_or_made(runtime, scope, found, media_type, language, unless_a_job_does=True, limited=limited)
    except PorticoError:
        raise
    except Exception as error:  # whatever it is: the renderer's, a font's, a name nobody thought of
        with runtime.database.transaction() as tx:
            make_later(tx, runtime, found, media_type, language, error=error)
        raise DocumentNotReady(found.number) from error


def make_later(tx: sa.Connection, runtime: Runtime, found: Document, media_type: MediaType, language: str, *, error: Exception) -> None:
    """Has a job try again to make a file that could not be made."""
    log.error("document_not_made", document_id=found.id, media_type=media_type, language=language, error=type(error).__name__)
    arguments = {"document_id": found.id, "media_type": media_type, "language": language}
    outbox.add(tx, JOB, arguments, now=runtime.clock(), lane="document", key=_key(found.id, media_type, language))


def is_made_later(tx: sa.Connection, found: Document, media_type: MediaType, language: str) -> bool:
    """Whether a job is at it: what failed once may take as long to fail again."""
    return outbox.has(tx, _key(found.id, media_type, language))


def make(runtime: Runtime, document_id: str, media_type: MediaType, language: str) -> None:
    """Makes and keeps a file that could not be made before: for background work. Whatever stands against it is raised."""
    with runtime.database.read() as connection:
        scope, found = document.get_any(connection, document_id)
    _kept_or_made(runtime, scope, found, media_type, language)


def name_of(found: Document, media_type: MediaType, language: str) -> str:
    """A name for the file: the document's number, and what else it takes to tell its files apart."""
    stem = _NOT_IN_A_NAME.sub("-", found.number).strip("-.") or found.id  # a number made elsewhere may hold a slash
    if _DEVICE.match(stem):
        stem = f"{found.kind}-{stem}"
    if media_type != PDF:
        return f"{stem}-{'cii' if media_type == CII else 'ubl'}.xml"
    return f"{stem}.pdf" if language == found.language else f"{stem}-{language}.pdf"


def _spoken(found: Document, language: str | None) -> str:
    language = found.language if language is None else language
    if not is_language(language):
        raise Refused("language_unknown")
    return language


def _kept_or_made(
    runtime: Runtime,
    scope: BuyerScope,
    found: Document,
    media_type: MediaType,
    language: str,
    *,
    unless_a_job_does: bool = False,
    limited: bool = False,
) -> tuple[bytes, str]:
    """`unless_a_job_does`: nobody else tries before its job succeeded. With a PDF the e-invoice in it is kept, or the kept one is in
    it: what is offered beside a PDF is what it holds, in every language and after every upgrade."""
    with runtime.database.read() as connection:
        kept = document.file(connection, scope, found.id, language, media_type)
        if kept is None and unless_a_job_does and is_made_later(connection, found, media_type, language):
            raise DocumentNotReady(found.number)
        cii = document.file(connection, scope, found.id, found.language, CII) if kept is None and media_type == PDF else None
    if kept is None and limited:
        _hold_limit(runtime, scope)
    if kept is None:
        made = _made(found, media_type, language, cii)  # outside of any transaction: it takes as long as a hundred statements
        with runtime.database.transaction() as tx:
            *_, kept = [
                document.keep_file(tx, scope, found.id, spoken, kind, body=body, now=runtime.clock())
                for (kind, spoken), body in made.items()
            ]
    return kept, name_of(found, media_type, language)


def _hold_limit(runtime: Runtime, scope: BuyerScope) -> None:
    """Everybody's documents are made by the same two compilers: one buyer with a hundred languages must not keep them busy."""
    with runtime.database.transaction() as tx:
        key = keyed(runtime.secret, "documents made in an hour", scope.buyer_id)
        may_make = rate_limit.is_within(tx, key, runtime.clock(), _HOUR_SECONDS, MADE_PER_HOUR)
    if not may_make:
        log.warning("documents_limit", buyer_id=scope.buyer_id)
        raise Refused("document_limit")


def _made(found: Document, media_type: MediaType, language: str, cii: bytes | None) -> dict[tuple[MediaType, str], bytes]:
    """A file, the last one, and what has to be kept along with it. `cii` is the e-invoice that was kept before."""
    if media_type != PDF or not einvoice.exists(content_of(found)):
        return {(media_type, language): made_of(found, media_type, language)}
    if cii is not None:
        return {(PDF, language): made_of(found, PDF, language, cii)}
    cii = made_of(found, CII, found.language)
    return {(CII, found.language): cii, (PDF, language): made_of(found, PDF, language, cii)}


def made_of(found: Document, media_type: MediaType, language: str, cii: bytes | None = None) -> bytes:
    """The bytes of a file, neither looked for nor kept; `cii` is the e-invoice for a PDF, if there is one already. Raises
    Refused("no_einvoice"), and whatever stands against making it."""
    content = content_of(found)
    if media_type != PDF:
        return einvoice.cii(content) if media_type == CII else einvoice.ubl(content)
    data = print_data(content, language)
    if data.replaced:
        codes = [f"U+{ord(character):04X}" for character in data.replaced]
        log.warning("characters_replaced", document_id=found.id, language=language, characters=codes)
    return render.render(data, attachments=einvoice.attachments(content, cii))


def _key(document_id: str, media_type: MediaType, language: str) -> str:
    return f"{JOB}:{document_id}:{media_type}:{language}"
