"""A small browser that speaks ASGI: it keeps cookies by the rules browsers have, sends the headers they send, and fills in forms."""

import asyncio
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urlsplit

from litestar import Litestar

Headers = Iterable[tuple[bytes, bytes]]
_WITHIN_A_LINE = re.compile(r"</?(?:bdi|strong)>")
_TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    path: str

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def words(self) -> str:
        """The text of the page, without tags, with single spaces."""
        return " ".join(unescape(_TAG.sub(" ", _WITHIN_A_LINE.sub("", self.text))).split())

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        values = [value for key, value in self.headers if key == name]
        assert len(values) < 2, f"{name} twice"
        return values[0] if values else None

    def every(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def form(self, action: str) -> dict[str, str]:
        """The fields of the page's first form that posts to a path ending in `action`, as they are filled in now."""
        parser = _Forms(action)
        parser.feed(self.text)
        assert parser.fields is not None, f"no form for {action} in {self.text[:2000]}"
        return parser.fields


@dataclass
class Browser:
    """One profile: its cookies, its language, where it is."""

    app: Litestar
    origin: str = "https://portal.test"
    language: str = "en"
    client: str = "203.0.113.7"
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, *headers: tuple[bytes, bytes], method: str = "GET") -> Answer:
        return self._ask(method, path, b"", headers)

    def post(
        self,
        path: str,
        form: Mapping[str, str] | bytes,
        *headers: tuple[bytes, bytes],
        origin: bytes | None = b"null",
        site: bytes | None = b"same-origin",
        content_type: bytes = b"application/x-www-form-urlencoded",
    ) -> Answer:
        """What a form of the portal sends. Under `Referrer-Policy: no-referrer` its Origin is "null", as in real browsers."""
        body = form if isinstance(form, bytes) else urlencode(form).encode()
        extra = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
        extra += [(b"origin", origin)] if origin is not None else []
        extra += [(b"sec-fetch-site", site)] if site is not None else []
        return self._ask("POST", path, body, [*extra, *headers])

    def submit(self, page: Answer, action: str, **fields: str) -> Answer:
        """Fills in the fields of a form of `page` and sends it."""
        path = urlsplit(page.path).path
        base = path[: path.index("/portal") + len("/portal")]
        return self.post(base + action, {**page.form(action), **fields})

    def follow(self, answer: Answer) -> Answer:
        """Goes where a 303 leads."""
        location = answer.header("location")
        assert answer.status == 303, (answer.status, answer.text[:500])
        assert location is not None
        return self.get(location)

    def _ask(self, method: str, path: str, body: bytes, headers: Headers) -> Answer:
        given = list(headers)
        names = {name for name, _ in given}
        usual: list[tuple[bytes, bytes]] = [
            (b"host", urlsplit(self.origin).netloc.encode()),
            (b"accept-language", self.language.encode()),
        ]
        if self.cookies:
            usual.append((b"cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items()).encode()))
        sent = [*(header for header in usual if header[0] not in names), *((name, value) for name, value in given if value != b"")]
        answer = asyncio.run(ask(self.app, method, path, body, sent, self.client))
        for line in answer.every("set-cookie"):
            self._keep(line)
        return answer

    def _keep(self, line: str) -> None:
        pair, *attributes = [piece.strip() for piece in line.split(";")]
        name, _, value = pair.partition("=")
        lower = {attribute.lower() for attribute in attributes}
        assert {"path=/", "httponly", "samesite=lax"} <= lower, line
        assert not any(attribute.startswith("domain") for attribute in lower), line
        secure = self.origin.startswith("https:")
        assert name.startswith("__Host-") == secure == ("secure" in lower), line
        if "max-age=0" in lower:
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value


async def ask(app: Litestar, method: str, path: str, body: bytes, headers: list[tuple[bytes, bytes]], client: str) -> Answer:
    """One request, byte for byte as given, and its answer."""
    parts = urlsplit(path)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": _unquoted(parts.path),
        "raw_path": parts.path.encode("latin-1"),
        "query_string": parts.query.encode("latin-1"),
        "root_path": "",
        "headers": headers,
        "client": (client, 50000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }
    chunks = [body[at : at + 16384] for at in range(0, len(body), 16384)] or [b""]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if chunks:
            return {"type": "http.request", "body": chunks.pop(0), "more_body": bool(chunks)}
        await asyncio.Event().wait()  # the browser stays until it has its answer
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)  # type: ignore[arg-type]
    start = sent[0]
    received = tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in start["headers"])
    return Answer(start["status"], received, b"".join(message.get("body", b"") for message in sent[1:]), path)


def _unquoted(path: str) -> str:
    """As uvicorn does it: what is not UTF-8 becomes U+FFFD."""
    from urllib.parse import unquote

    return unquote(path)


class _Forms(HTMLParser):
    def __init__(self, action: str) -> None:
        super().__init__()
        self.fields: dict[str, str] | None = None
        self._action, self._open, self._select, self._typing = action, False, "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form" and self.fields is None and (given.get("action") or "").endswith(self._action):
            self.fields, self._open = {}, True
        if not self._open or self.fields is None:
            return
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "input" and (given.get("type") not in ("checkbox", "radio") or "checked" in given):
            self.fields[name] = value
        elif tag == "textarea":
            self._typing, self.fields[name] = name, ""
        elif tag == "select":
            self._select = name
            self.fields[name] = ""
        elif tag == "option" and "selected" in given:
            self.fields[self._select] = value

    def handle_data(self, data: str) -> None:
        if self._typing and self.fields is not None:
            self.fields[self._typing] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = False
        if tag == "textarea":
            self._typing = ""
