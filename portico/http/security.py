"""What every answer carries, which hosts are ours, and which unsafe requests come from our own pages."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from portico.domain.errors import Refused
from portico.http.asked import Asked

HEADER_LIMIT_BYTES = 8 * 1024
HEADERS_LIMIT_BYTES = 16 * 1024
CSRF_FIELD = "csrf"

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action {forms}; "
    "base-uri 'none'; object-src 'none'; frame-ancestors 'none'; report-to csp"
)
_FEATURES = (
    "accelerometer",
    "autoplay",
    "browsing-topics",
    "camera",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "gamepad",
    "geolocation",
    "gyroscope",
    "hid",
    "identity-credentials-get",
    "idle-detection",
    "keyboard-map",
    "local-fonts",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "publickey-credentials-get",
    "screen-wake-lock",
    "serial",
    "storage-access",
    "usb",
    "window-management",
    "xr-spatial-tracking",
)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


@dataclass(frozen=True, slots=True)
class Site:
    """The one origin we answer for, "https://portal.example.com" or, on this machine alone, "http://127.0.0.1:8000".

    `form_targets` are the origins a form of ours may lead on to: those of the payment providers' pages. A browser holds the
    redirect that answers a form against them (CSP 3, `form-action`), not only the form's own address."""

    origin: str
    form_targets: tuple[str, ...] = ()
    secure: bool = field(init=False)
    loopback: bool = field(init=False)
    _host: str = field(init=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.origin)
        object.__setattr__(self, "secure", parts.scheme == "https")
        object.__setattr__(self, "_host", parts.netloc.lower())
        object.__setattr__(self, "loopback", is_loopback(parts.netloc))
        if not self.secure and not self.loopback:
            raise ValueError(f"{self.origin}: plain http is only for this machine, since sign-in cookies need https")

    def is_ours(self, host: str | None) -> bool:
        """Whether a Host header names this site. A loopback site answers to every loopback name, at any port, so that the
        demo can be reached through a tunnel; a name that merely resolves to this machine (DNS rebinding) is refused."""
        if host is None:
            return False
        name = host.lower()
        if name == self._host:
            return True
        standard = ":443" if self.secure else ":80"
        if name.removesuffix(standard) == self._host.removesuffix(standard):
            return True
        return self.loopback and not self.secure and is_loopback(name)

    def check_same_origin(self, asked: Asked) -> None:
        """Raises Refused("form_cross_site") when a browser says that an unsafe request comes from elsewhere.

        Our pages carry `Referrer-Policy: no-referrer`, under which browsers send `Origin: null` with a form of the very same
        page (Fetch standard, "append a request Origin header"); `Sec-Fetch-Site: same-origin` then vouches for it. A client
        that sends neither is no browser, so it carries nobody's cookies but its own; the token is still asked of it.
        """
        site, origin = asked.header("sec-fetch-site"), asked.header("origin")
        if site is not None and site != "same-origin":
            raise Refused("form_cross_site")
        if origin is None or (origin == "null" and site == "same-origin"):
            return
        allowed = {self.origin}
        if self.loopback and not self.secure:
            allowed.add(f"http://{(asked.header('host') or '').lower()}")
        if origin.lower() not in allowed:
            raise Refused("form_cross_site")

    def headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """The headers of every answer, whatever its status and kind."""
        values = {
            "content-security-policy": _POLICY.format(forms=" ".join(("'self'", *self.form_targets))),
            "reporting-endpoints": 'csp="/csp-report"',
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
            "permissions-policy": ", ".join(f"{feature}=()" for feature in _FEATURES),
        }
        if self.secure:
            values["strict-transport-security"] = "max-age=31536000; includeSubDomains"
        return tuple((name.encode(), value.encode()) for name, value in values.items())


def headers_too_large(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether one header is over 8 KiB, or all of them are over 16 KiB."""
    sizes = [len(name) + len(value) for name, value in headers]
    return sum(sizes) > HEADERS_LIMIT_BYTES or max(sizes, default=0) > HEADER_LIMIT_BYTES


def is_loopback(host: str) -> bool:
    """Whether a Host header names this very machine, at whatever port."""
    return _without_port(host.lower()) in _LOOPBACK


def _without_port(netloc: str) -> str:
    """The host of "host:port" or "[v6]:port"."""
    if netloc.startswith("["):
        return netloc.partition("]")[0] + "]"
    host, _, port = netloc.rpartition(":")
    return host if host and port.isdigit() else netloc
