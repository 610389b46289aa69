"""Files to keep."""

import re
from urllib.parse import quote

from portico.http.response import Response

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def download(body: bytes, filename: str, media_type: str) -> Response:
    """A file to keep."""
    return Response(200, body, media_type, headers=(("content-disposition", content_disposition(filename)),))


def content_disposition(filename: str) -> str:
    """ "attachment" with a name every client understands, and the true one beside it where they differ (RFC 6266 section 4.3)."""
    plain = _UNSAFE.sub("-", filename).strip("-.") or "document.pdf"
    return f'attachment; filename="{plain}"' + ("" if plain == filename else f"; filename*=UTF-8''{quote(filename, safe='')}")
