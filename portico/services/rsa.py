"""RSA as the Waffo surface uses it, and the sealing of private keys. Loads `cryptography`: import it only where something is signed."""

import base64
import binascii
import re
from functools import lru_cache
from typing import cast

from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from portico.domain.errors import Refused

NONCE_BYTES = 12
_BITS = 2048
_FEWEST_BITS, _MOST_BITS = 2048, 8192  # NIST SP 800-131A; beyond, one check takes too long to offer to strangers
_LONGEST_PEM = 20_000
_BARE = re.compile(r"[A-Za-z0-9+/=\s]+")


def readable(text: str) -> str:
    r"""A public key as it was pasted, as a PEM of SPKI. Taken are PEMs of SPKI and PKCS#1, with literal "\n" or Windows line ends too,
    and the bare base64 between their lines. Raises Refused("public_key_format")."""
    pasted = text.replace("\\n", "\n").replace("\r", "").strip()
    try:
        if len(pasted) > _LONGEST_PEM:
            raise Refused("public_key_format")
        if _BARE.fullmatch(pasted):
            key = serialization.load_der_public_key(base64.b64decode("".join(pasted.split()), validate=True))
        else:
            key = serialization.load_pem_public_key(pasted.encode())
    except (ValueError, UnsupportedAlgorithm, binascii.Error):
        raise Refused("public_key_format", "not a public key in PEM format") from None
    if not isinstance(key, RSAPublicKey) or not _FEWEST_BITS <= key.key_size <= _MOST_BITS:
        raise Refused("public_key_format", f"not an RSA key of {_FEWEST_BITS} to {_MOST_BITS} bits")
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def der(public_pem: str) -> bytes:
    """The key's own bytes (SPKI), the same however it was written."""
    return _public(public_pem).public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def is_signed(public_pem: str, signature: bytes, message: bytes) -> bool:
    """Whether the holder of the key signed this very message: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 8.2)."""
    try:
        _public(public_pem).verify(signature, message, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def sign(private_der: bytes, message: bytes) -> bytes:
    """The signature of a message by a private key as `new_pair` gives it."""
    return _private(private_der).sign(message, PKCS1v15(), SHA256())


def new_pair() -> tuple[bytes, str]:
    """A new key: its private part as PKCS#8 DER, its public part as PEM."""
    key = generate_private_key(65537, _BITS)
    private = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private, public.decode()


def as_pem(private_der: bytes) -> str:
    """A private key as the PEM that clients read."""
    encoding, shape = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return _private(private_der).private_bytes(encoding, shape, serialization.NoEncryption()).decode()


def seal(key: bytes, nonce: bytes, plain: bytes, about: bytes) -> bytes:
    """`plain` for a database that may be copied: AES-256-GCM, bound to what it is `about`. `nonce` is NONCE_BYTES of chance."""
    return nonce + AESGCM(key).encrypt(nonce, plain, about)


def unseal(key: bytes, sealed: bytes, about: bytes) -> bytes:
    """What was sealed. Raises Refused("secret_changed") when it was sealed with another secret, or about something else."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about)
    except (InvalidTag, ValueError):
        raise Refused("secret_changed", "it was sealed with another PORTICO_SECRET") from None


@lru_cache(maxsize=256)
def _public(pem: str) -> RSAPublicKey:
    return cast(RSAPublicKey, serialization.load_pem_public_key(pem.encode()))


@lru_cache(maxsize=16)
def _private(private_der: bytes) -> RSAPrivateKey:
    return cast(RSAPrivateKey, serialization.load_der_private_key(private_der, password=None))
