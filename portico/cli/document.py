"""`portico document`: its files without the web, and credit notes that are missing."""

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from portico.cli.console import note, open_runtime, say
from portico.cli.seller import PARTICULARS
from portico.domain.errors import NotFound, PorticoError, Refused
from portico.i18n.languages import DEFAULT, LANGUAGES
from portico.i18n.words import einvoice_why_not
from portico.services import credit_note, document_file

DocumentId = Annotated[str, Parameter(help="The document's id, INV_...: the end of its page's address.")]
Output = Annotated[
    Path | None,
    Parameter(
        name=("--output", "-o"), allow_leading_hyphen=True, help="The file to write, - for standard output; else one named by the number."
    ),
]


def render(
    document_id: DocumentId,
    /,
    *,
    lang: Annotated[str | None, Parameter(help="The language of the copy; without it the document's own.")] = None,
    output: Output = None,
) -> None:
    """Writes a document's PDF. What was made before is given again, byte by byte. Says what the law of the seller's country wants on
    it and it has not."""
    with open_runtime() as runtime:
        try:
            body, name = document_file.pdf_of_any(runtime, document_id, lang)
            lacking = document_file.missing_on_any(runtime, document_id)
        except NotFound as error:
            raise _unknown(document_id) from error
        except Refused as error:
            raise PorticoError(f"--lang is one of: {' '.join(language.tag for language in LANGUAGES)}") from error
    _write(body, output or Path(name))
    if lacking:
        note(f"Missing on it: {'; '.join(PARTICULARS[code] for code in lacking)}.")


def xml(
    document_id: DocumentId,
    /,
    *,
    form: Annotated[Literal["cii", "ubl"], Parameter(name="--format", help="The syntax: cii as in the PDF, or ubl.")] = "cii",
    output: Output = None,
) -> None:
    """Writes a document's e-invoice (EN 16931). What was made before is given again, byte by byte."""
    with open_runtime() as runtime:
        try:
            body, name = document_file.xml_of_any(runtime, document_id, form)
        except NotFound as error:
            raise _unknown(document_id) from error
        except Refused as error:
            raise PorticoError(einvoice_why_not(DEFAULT, str(error))) from error
    _write(body, output or Path(name))


def issue_missing() -> None:
    """Issues the credit notes of refunds that were imported before imports issued them, dated today. Any number of times."""
    with open_runtime() as runtime:
        issued = credit_note.issue_missing(runtime)
    say(f"Credit notes issued: {issued}.")


def _unknown(document_id: str) -> NotFound:
    """A number is no id: another store may have the same."""
    return NotFound(f"there is no document {document_id!r}; an id begins with INV_ and ends the address of the document's page")


def _write(body: bytes, path: Path) -> None:
    if path == Path("-"):
        sys.stdout.buffer.write(body)
        return
    try:
        path.write_bytes(body)
    except OSError as error:
        raise PorticoError(f"{path} cannot be written: {error.strerror}") from error
    say(str(path))
