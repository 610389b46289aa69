"""Stylesheet, script and pictures, read once at start and served under the hash of their content."""

import gzip
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

_FOLDER = Path(__file__).parent / "static"
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}
_HASH_CHARS = 16


@dataclass(frozen=True, slots=True)
class Asset:
    """One file. `gzipped` is None where compressing does not pay."""

    digest: str
    media_type: str
    body: bytes
    gzipped: bytes | None


def load(folder: Path = _FOLDER) -> dict[str, Asset]:
    """Every file of the folder by its name. A file of an unknown kind is not served."""
    return {
        path.relative_to(folder).as_posix(): _asset(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in _MEDIA_TYPES
    }


def address(name: str, asset: Asset) -> str:
    """Where a file is served; it changes with the file's content."""
    return f"/static/{asset.digest}/{name}"


def _asset(path: Path) -> Asset:
    body = path.read_bytes()
    gzipped = gzip.compress(body, 9, mtime=0)
    return Asset(
        digest=sha256(body).hexdigest()[:_HASH_CHARS],
        media_type=_MEDIA_TYPES[path.suffix],
        body=body,
        gzipped=gzipped if len(gzipped) < len(body) * 9 // 10 else None,
    )
