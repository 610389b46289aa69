"""PrintData -> PDF/A-3a + PDF/UA-1, by typst. The same data gives the same bytes in any process, time zone and hash seed.

Never fork after the first call: typst keeps a pool of threads, and a forked child would wait for them for ever. Processes
that make documents are started fresh ("spawn"), and nothing is rendered before a server forks its workers.
"""

import io
import threading
from collections.abc import Callable, Sequence
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import msgspec
import pikepdf
import typst

from portico.documents import factur_x, press
from portico.documents.print_data import Attachment, PrintData
from portico.documents.text import FONTS, isolate, isolate_right_to_left, plain, printable

_TEMPLATE = Path(__file__).parent / "invoice.typ"
_PLACEHOLDER_ID = b"31415926535897932384626433832795"  # what qpdf writes for `static_id`

_this_thread = threading.local()


def render(data: PrintData, *, attachments: tuple[Attachment, ...] = ()) -> bytes:
    """The document as a PDF file, with the attachments in it. It never fails over what someone is called.

    Each character has a font by then (`portico.documents.text`), but a font may still lack a combination of them, which
    PDF/A forbids to print; then the document is set again with whole characters only. Raises press.RenderTimeout.
    """
    return press.make(partial(_rendered, data, attachments))


def _rendered(data: PrintData, attachments: tuple[Attachment, ...]) -> bytes:
    values = _values(data)
    try:
        pdf = _compile(values, data, attachments)
    except typst.TypstError:
        pdf = _compile(_each(values, plain), data, attachments)
    return _compact(pdf, is_factur_x=any(attachment.name == factur_x.NAME for attachment in attachments))


def _compile(values: dict[str, Any], data: PrintData, attachments: tuple[Attachment, ...]) -> bytes:
    """Values travel as JSON, so nothing in them is ever read as markup; an attachment is in the file as it is given."""
    settings = {"language": data.language, "direction": data.direction, "paper": data.paper, "accent": data.accent}
    inputs = {"document": values, "settings": settings, "attachments": [_attachment(each) for each in attachments]}
    pdf = _compiler().compile(
        sys_inputs={name: msgspec.json.encode(value).decode() for name, value in inputs.items()},
        pdf_standards=["a-3a", "ua-1"],
        timestamp=int(data.issued_at.timestamp()),
    )
    return cast(bytes, pdf)  # always so for one PDF without an output path


def _attachment(attachment: Attachment) -> dict[str, str]:
    return {
        "name": attachment.name,
        "body": attachment.body.decode(),
        "description": attachment.description,
        "relationship": attachment.relationship,
        "media_type": attachment.media_type,
    }


def _values(data: PrintData) -> dict[str, Any]:
    """What is printed, as plain dictionaries. Where two directions of writing meet, each value keeps its own."""
    values: dict[str, Any] = _each(msgspec.to_builtins(data), printable)
    whole = {name: values[name] for name in ("document_title", "page_of")}  # a file's title; a pattern the template cuts up
    whole["author"] = values["seller"]["name"].replace("\u200b", "")  # for archives to search by: no breaks, no marks of direction
    return {**_each(values, isolate if data.direction == "rtl" else isolate_right_to_left), **whole}


def _each(value: Any, change: Callable[[str], str]) -> Any:
    """The same structure with each string changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list | tuple):
        return [_each(item, change) for item in cast("Sequence[Any]", value)]
    if isinstance(value, dict):
        return {name: _each(item, change) for name, item in cast("dict[str, Any]", value).items()}
    return value


@cache
def _fonts() -> typst.Fonts:
    """Ours and the wheel's; never the machine's, since the bytes must not depend on it."""
    wheel = find_spec("noto_cjk_sans_otc")
    if wheel is None or wheel.origin is None:
        raise RuntimeError("noto-cjk-sans-otc is not installed: documents need its font")
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS, Path(wheel.origin).parent])


def _compiler() -> typst.Compiler:
    """This thread's own: one in use by another raises. The fonts are shared."""
    if not hasattr(_this_thread, "compiler"):
        _this_thread.compiler = typst.Compiler(_TEMPLATE, root=_TEMPLATE.parent, font_paths=_fonts(), ignore_system_fonts=True)
    return _this_thread.compiler


def _compact(pdf: bytes, *, is_factur_x: bool) -> bytes:
    """The same document in object streams: a third smaller, since a tagged PDF is mostly small objects. In the same pass its
    metadata come to say that it carries an e-invoice.

    The file keeps the id that typst made of its content; having one computed anew would write the file twice.
    """
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        own_id = bytes(cast("Any", document.trailer)["/ID"][1])
        if is_factur_x:
            document.Root.Metadata.write(factur_x.described(document.Root.Metadata.read_bytes()))
        document.save(out, static_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate, fix_metadata_version=False)
    head, _, tail = out.getvalue().rpartition(_PLACEHOLDER_ID)
    return head + own_id.hex().encode() + tail
