"""RSA: keys in every form that they are pasted in, and what is sealed for a database."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import rsa as made

from portico.domain.errors import Refused
from portico.services import rsa


def test_a_public_key_is_the_same_however_it_was_pasted() -> None:
    private, pem = rsa.new_pair()
    key = serialization.load_pem_public_key(pem.encode())
    pkcs1 = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.PKCS1).decode()  # type: ignore[union-attr]
    bare = "".join(pem.splitlines()[1:-1])
    for pasted in (pem, pkcs1, bare, pem.replace("\n", "\\n"), pem.replace("\n", "\r\n"), f"  {pem}\n"):
        assert rsa.readable(pasted) == pem
    assert rsa.is_signed(pem, rsa.sign(private, b"said"), b"said")
    assert not rsa.is_signed(pem, rsa.sign(private, b"said"), b"said otherwise")


def test_weak_and_other_keys_are_refused() -> None:
    spki = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    small = made.generate_private_key(65537, 1024).public_key().public_bytes(*spki).decode()
    curve = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(*spki).decode()
    private = rsa.as_pem(rsa.new_pair()[0])
    for pasted in (small, curve, private, "", "QUJD", "-" * 30_000):
        with pytest.raises(Refused) as refused:
            rsa.readable(pasted)
        assert refused.value.code == "public_key_format"


def test_what_is_sealed_opens_with_its_own_key_for_its_own_purpose() -> None:
    sealed = rsa.seal(b"k" * 32, b"n" * rsa.NONCE_BYTES, b"plain", b"STO_1 test")
    assert b"plain" not in sealed
    assert rsa.unseal(b"k" * 32, sealed, b"STO_1 test") == b"plain"
    for key, text, about in ((b"x" * 32, sealed, b"STO_1 test"), (b"k" * 32, sealed, b"STO_1 prod"), (b"k" * 32, b"short", b"STO_1 test")):
        with pytest.raises(Refused) as refused:
            rsa.unseal(key, text, about)
        assert refused.value.code == "secret_changed"
