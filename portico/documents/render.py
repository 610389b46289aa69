"""PrintData -> PDF/A-3a + PDF/UA-1, by typst. The same data gives the same bytes in any process, time zone and hash seed.

Never fork after the first call: typst keeps a pool of threads, and a forked child would wait for them for ever. Processes
that make documents are started fresh ("spawn"), and nothing is rendered before a server forks its workers.
"""

import io
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from queue import LifoQueue
from typing import Any, cast

import msgspec
import pikepdf
import typst

from portico.documents.print_data import PrintData
from portico.documents.text import FONTS, isolate, isolate_right_to_left, plain, printable

_TEMPLATE = Path(__file__).parent / "invoice.typ"
_PLACEHOLDER_ID = b"31415926535897932384626433832795"  # what qpdf writes for `static_id`

# Compilers at work at the same time. One costs up to 15 MB of its own, and typst spreads a document over the processors by
# itself, so that one for each of a server's threads would take much memory and save no time.
_COMPILERS = 2
_idle: LifoQueue[typst.Compiler | None] = LifoQueue()
for _ in range(_COMPILERS):
    _idle.put(None)  # made when it is first needed


def render(data: PrintData) -> bytes:
    """The document as a PDF file. It never fails over what someone is called.

    Each character has a font by then (`portico.documents.text`), but a font may still lack a combination of them, which
    PDF/A forbids to print; then the document is set again with whole characters only.
    """
    values = _values(data)
    try:
        pdf = _compile(values, data)
    except typst.TypstError:
        pdf = _compile(_each(values, plain), data)
    return _compact(pdf)


def _compile(values: dict[str, Any], data: PrintData) -> bytes:
    """Values travel as JSON, so nothing in them is ever read as markup."""
    settings = {"language": data.language, "direction": data.direction, "paper": data.paper, "accent": data.accent}
    inputs = {"document": msgspec.json.encode(values).decode(), "settings": msgspec.json.encode(settings).decode()}
    with _compiler() as compiler:
        pdf = compiler.compile(sys_inputs=inputs, pdf_standards=["a-3a", "ua-1"], timestamp=int(data.issued_at.timestamp()))
    return cast(bytes, pdf)  # always so for one PDF without an output path


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


@contextmanager
def _compiler() -> Generator[typst.Compiler]:
    """One of a few, for one document at a time: a compiler in use by another thread raises. The fonts are shared."""
    compiler = _idle.get()
    try:
        compiler = compiler or typst.Compiler(_TEMPLATE, root=_TEMPLATE.parent, font_paths=_fonts(), ignore_system_fonts=True)
        yield compiler
    finally:
        _idle.put(compiler)


def _compact(pdf: bytes) -> bytes:
    """The same document in object streams: a third smaller, since a tagged PDF is mostly small objects.

    The file keeps the id that typst made of its content; having one computed anew would write the file twice.
    """
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        own_id = bytes(cast("Any", document.trailer)["/ID"][1])
        document.save(out, static_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate, fix_metadata_version=False)
    head, _, tail = out.getvalue().rpartition(_PLACEHOLDER_ID)
    return head + own_id.hex().encode() + tail
