"""Keys of signed notes (C2SP signed-note and tlog-cosignature): who signed, by which method, over which bytes.

Three methods: Ed25519 over the note's text; Ed25519 over the text with a time before it, for witnesses; ML-DSA-44 over what
the checkpoint says, with a time. A verifier key ("vkey") is one line of text; a signing key is made from 32 secret bytes.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from enum import IntEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from yinuo.kit.checkpoints import parse_base64, parse_checkpoint
from yinuo.kit.refusals import Malformed

SEED_BYTES = 32
TIME_BYTES = 8
TIME_MAX = 2**63 - 1
_NAME = re.compile(r"[^\x00-\x1f\s+\ud800-\udfff]+\Z")
_KEY_ID = re.compile(r"[0-9a-fA-F]{8}\Z")


class Method(IntEnum):
    """How a note is signed, by the byte that C2SP gives to it."""

    ED25519 = 0x01
    ED25519_COSIGNATURE = 0x04
    ML_DSA_44 = 0x06


_PUBLIC_BYTES = {Method.ED25519: 32, Method.ED25519_COSIGNATURE: 32, Method.ML_DSA_44: 1312}


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key with the name under which it signs."""

    name: str
    method: Method
    public: bytes = field(repr=False)
    key_id: bytes = field(init=False)

    def __post_init__(self) -> None:
        check_key_name(self.name)
        if len(self.public) != _PUBLIC_BYTES[self.method]:
            raise Malformed(f"The public key of {self.name} has {len(self.public)} bytes, not {_PUBLIC_BYTES[self.method]}.")
        object.__setattr__(self, "key_id", _key_id(self.name, self._typed))

    @property
    def vkey(self) -> str:
        """The key in one line: name, key id, and method with public key, joined by plus signs."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(self._typed).decode()}"

    def verify(self, text: str, signature: bytes) -> int | None:
        """The time stated in a right signature of the note's text (0 where the method states none); None for a wrong one."""
        stated = 0
        if self.method is not Method.ED25519:
            stated, signature = int.from_bytes(signature[:TIME_BYTES]), signature[TIME_BYTES:]
        if stated > TIME_MAX:
            return None
        try:
            self._check(signature, message_of(self.method, self.name, text, stated))
        except (InvalidSignature, ValueError, Malformed):
            return None
        return stated

    def _check(self, signature: bytes, message: bytes) -> None:
        if self.method is Method.ML_DSA_44:
            MLDSA44PublicKey.from_public_bytes(self.public).verify(signature, message)
        else:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)

    @property
    def _typed(self) -> bytes:
        return bytes([self.method]) + self.public


@dataclass(frozen=True, slots=True)
class Signer:
    """A signing key: 32 secret bytes, from which the key pair is made, with the name under which it signs."""

    name: str
    method: Method
    seed: bytes = field(repr=False)
    verifier: Verifier = field(init=False)
    _private: Ed25519PrivateKey | MLDSA44PrivateKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.seed) != SEED_BYTES:
            raise Malformed(f"The secret of {self.name} has {len(self.seed)} bytes, not {SEED_BYTES}.")
        maker = MLDSA44PrivateKey.from_seed_bytes if self.method is Method.ML_DSA_44 else Ed25519PrivateKey.from_private_bytes
        private = maker(self.seed)
        object.__setattr__(self, "_private", private)
        object.__setattr__(self, "verifier", Verifier(self.name, self.method, private.public_key().public_bytes_raw()))

    def sign(self, text: str, *, at: int = 0) -> bytes:
        """The signature over a note's text; `at` is the POSIX second that a cosignature states.

        With ML-DSA-44, 0 states no time: a log signing its own head need not. An Ed25519 cosignature always states one.
        """
        if not 0 <= at <= TIME_MAX or (self.method is Method.ED25519_COSIGNATURE and not at):
            raise Malformed("A cosignature states when it was made, in seconds since 1970.")
        signature = self._private.sign(message_of(self.method, self.name, text, at))
        return signature if self.method is Method.ED25519 else at.to_bytes(TIME_BYTES) + signature


def parse_vkey(vkey: str) -> Verifier:
    """The verifier key that one line of text writes; refuses one whose key id does not fit."""
    name, _, rest = vkey.partition("+")
    key_id, _, encoded = rest.partition("+")
    if not _KEY_ID.match(key_id):
        raise Malformed("A verifier key is a name, eight hexadecimal digits and base64, joined by plus signs.")
    check_key_name(name)
    typed = parse_base64(encoded, f"verifier key of {name[:80]}")
    if not typed or typed[0] not in set(Method):
        raise Malformed(f"The verifier key of {name[:80]} is of a kind that is not known here.")
    if _key_id(name, typed).hex() != key_id.lower():
        raise Malformed(f"The verifier key of {name[:80]} does not fit its key id: it was changed or cut off.")
    return Verifier(name, Method(typed[0]), typed[1:])


def check_key_name(name: str) -> None:
    """Refuse a key name that is empty or holds a space, a plus sign, a control character or broken Unicode."""
    if not _NAME.match(name):
        raise Malformed("The name of a key is not empty and has no spaces and no plus signs.")


def message_of(method: Method, name: str, text: str, at: int) -> bytes:
    """The bytes that a key of this name signs, by this method, for this note's text and time."""
    if method is Method.ED25519:
        return text.encode()
    if method is Method.ED25519_COSIGNATURE:
        return f"cosignature/v1\ntime {at}\n{text}".encode()
    checkpoint = parse_checkpoint(text)
    bounds = at.to_bytes(8), (0).to_bytes(8) + checkpoint.size.to_bytes(8)
    return b"subtree/v1\n\0" + _short(name) + bounds[0] + _short(checkpoint.origin) + bounds[1] + checkpoint.root


def _short(name: str) -> bytes:
    """A name with its length in one byte before it."""
    encoded = name.encode()
    if not 1 <= len(encoded) <= 255:
        raise Malformed("A name or origin signed with ML-DSA-44 has 1 to 255 bytes.")
    return bytes([len(encoded)]) + encoded


def _key_id(name: str, typed: bytes) -> bytes:
    """The first four bytes of the hash over name, newline, method and public key."""
    return hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4]
