"""Random secrets of the service: session tokens, one-time links, API keys. The database holds their hashes only."""

from __future__ import annotations

import hashlib
import hmac
import secrets

SECRET_BYTES = 32
"""256 bits: cannot be guessed, so that one round of SHA-256 is hash enough (passwords get argon2)."""
KEY_MARK = "pgk"


def new_secret() -> str:
    """43 letters, digits, `-` and `_`."""
    return secrets.token_urlsafe(SECRET_BYTES)


def secret_hash(secret: str) -> str:
    """SHA-256 of a secret, 64 hex digits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_key() -> tuple[str, str]:
    """An API key and its prefix, which stays visible: `pgk_1a2b3c4d_SECRET` and `pgk_1a2b3c4d`."""
    prefix = f"{KEY_MARK}_{secrets.token_hex(4)}"
    return f"{prefix}_{new_secret()}", prefix


def form_token(secret: str) -> str:
    """What the forms of a page carry to prove that they are ours; `secret`: a cookie that no page can read."""
    return hmac.new(secret.encode(), b"form", hashlib.sha256).hexdigest()


def same(first: str, second: str) -> bool:
    """Equal, compared in constant time."""
    return hmac.compare_digest(first.encode(), second.encode())
