"""`portico document render`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from portico.cli.console import open_runtime, out
from portico.domain.errors import NotFound, PorticoError, Refused
from portico.i18n.languages import LANGUAGES
from portico.services import document_file


def render(
    document_id: Annotated[str, Parameter(help="The document's id, INV_...")],
    /,
    *,
    lang: Annotated[str | None, Parameter(help="The language of the copy; without it the document's own.")] = None,
    output: Annotated[
        Path | None, Parameter(name=("--output", "-o"), help="The file to write; without it, one named by the number.")
    ] = None,
) -> None:
    """Writes a document's PDF. What was made before is given again, byte by byte."""
    with open_runtime() as runtime:
        try:
            body, name = document_file.pdf_of_any(runtime, document_id, lang)
        except NotFound as error:
            raise NotFound(f"there is no document {document_id!r}") from error
        except Refused as error:
            raise PorticoError(f"--lang is one of: {' '.join(language.tag for language in LANGUAGES)}") from error
    path = output or Path(name)
    try:
        path.write_bytes(body)
    except OSError as error:
        raise PorticoError(f"{path} cannot be written: {error.strerror}") from error
    out.print(str(path), soft_wrap=True)
