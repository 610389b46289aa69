"""The rules of signing in: how long, how often, and what a code looks like. (NIST SP 800-63B; OWASP ASVS 5.0 6.5, 6.6.)"""

import re

from portico.domain.typed import compact

LINK_SECONDS = 600  # link and code, from the moment they are made
SESSION_SECONDS = 1800  # absolute, never prolonged
WARN_SECONDS = 1680  # after which the open page offers to sign in again
CODE_TRIES = 5
CODE_BYTES = 5  # 40 bits: 20 guesses a day are 7 in 10^9 a year
FAILED_CODES_PER_DAY = 20  # per buyer, from wherever; then only links work, so nobody can be locked out
MAILS_PER_15_MIN = 3
MAILS_PER_DAY = 10
MAILS_PER_HOUR_PER_NETWORK = 20
LIVE_LINKS = 3

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford base 32: no I, L, O, U
_LOOKALIKES = str.maketrans("OIL", "011")
_CODE = re.compile(f"[{_ALPHABET}]{{8}}")


def format_code(random: bytes) -> str:
    """Five random bytes as the eight characters of a sign-in code, "XXXX-XXXX"."""
    if len(random) != CODE_BYTES:
        raise ValueError("a code is made of exactly five bytes")
    number = int.from_bytes(random, "big")
    code = "".join(_ALPHABET[number >> shift & 31] for shift in range(35, -1, -5))
    return f"{code[:4]}-{code[4:]}"


def normalise_code(typed: str) -> str | None:
    """What a person typed as the eight characters of a code, or None if it cannot be one.

    Forgives case, digits and widths of other keyboards, spaces and dashes, O for 0, and I or L for 1.
    """
    if len(typed) > 64:
        return None
    code = compact(typed).translate(_LOOKALIKES)
    return code if _CODE.fullmatch(code) else None
