"""Pseudonyms of NLEs: the same as long as the secret is, and without it not to be worked out from an identifier."""

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from nle_optimizer.errors import RunFolderError
from nle_optimizer.files import read_file

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Thirty-two signs that are not taken for one another."""
SHORTEST = 5
SECRET_BYTES = 32
OF_A_TRUST = r"\[trust_id=[^\]]*\]"
"""What follows the name of a limit that there is for each trust."""


def secret_in(file: Path) -> bytes:
    """The secret that a file holds; where there is no such file, a new one is drawn and kept there.

    Raises:
        RunFolderError: the file cannot be read or written, or holds no secret.
    """
    try:
        if not file.exists():
            drawn = secrets.token_hex(SECRET_BYTES)
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as kept:
                kept.write(drawn + "\n")
        text = read_file(file, 10_000).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise RunFolderError(f"{file}: the secret of the pseudonyms cannot be kept or read: {error}") from error
    if not re.fullmatch(f"[0-9a-f]{{{2 * SECRET_BYTES}}}", text):
        raise RunFolderError(f"{file}: it holds no secret of pseudonyms (64 hexadecimal digits); name another --key")
    return bytes.fromhex(text)


def pseudonyms(ids: Iterable[str], secret: bytes) -> dict[str, str]:
    """A pseudonym for each identifier: a keyed hash of it, as long as it takes to tell them apart."""
    digests = {identifier: _signs(hmac.digest(secret, identifier.encode(), hashlib.sha256)) for identifier in ids}
    length = SHORTEST
    while len({signs[:length] for signs in digests.values()}) < len(digests):
        length += 1
    return {identifier: f"NLE-{signs[:length]}" for identifier, signs in digests.items()}


def _signs(digest: bytes) -> str:
    return "".join(LETTERS[byte % len(LETTERS)] for byte in digest)


class Scrubber:
    """Puts pseudonyms in the place of identifiers and names wherever a text has them, and names no trust of a limit."""

    def __init__(self, pseudonym: Mapping[str, str], names: Mapping[str, str]):
        known = dict(pseudonym) | {
            name: pseudonym[identifier] for identifier, name in names.items() if name and identifier in pseudonym
        }
        self._known = sorted(known.items(), key=lambda entry: (-len(entry[0]), entry[0]))

    def text(self, text: str) -> str:
        """The text without them; a numeral is an identifier only after `NLE` or an equals sign."""
        for secret, instead in self._known:
            if secret in text:
                where = (
                    rf"(?<=NLE ){re.escape(secret)}|(?<==){re.escape(secret)}"
                    if secret.isdigit()
                    else re.escape(secret)
                )
                text = re.sub(rf"(?<!\w)(?:{where})(?!\w)", instead, text)
        return re.sub(OF_A_TRUST, "", text)

    def value(self, value: object) -> object:
        """A value as JSON has it, with every text in it scrubbed."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.value(entry) for key, entry in value.items()}
        return [self.value(entry) for entry in value] if isinstance(value, list | tuple) else value
