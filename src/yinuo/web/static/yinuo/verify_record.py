#!/usr/bin/env python3
"""Check evidence from a Yinuo record: a proof file (.tlog-proof) or a pack of facts (.json); offline, without Yinuo.

    python3 verify_record.py FILE --policy POLICY      trust the logs and witnesses that a policy file names
    python3 verify_record.py FILE --key VKEY           trust one log's key (may be given more than once)
    python3 verify_record.py FILE --all                 show every fact, also of a long report
    python3 verify_record.py PACK                      believe the policy inside a pack; then compare its keys yourself

It needs Python 3.9 and nothing else. With the package `cryptography` it also checks ML-DSA-44 signatures.
It ends with 0 if everything was proven, 1 if not, 2 if nothing could be checked: no file, one of another kind, nobody to trust.

The forms are those of RFC 6962 (trees), RFC 8032 (Ed25519) and of C2SP: signed-note, tlog-checkpoint, tlog-cosignature,
tlog-policy and tlog-proof. Apache-2.0.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import bisect
import datetime
import hashlib
import json
import re
import sys
from typing import Any

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
except ImportError:     # no such package, or one from before ML-DSA
    MLDSA44PublicKey = None  # type: ignore[assignment,misc]

FILE_BYTES_MAX = 64 * 1024 * 1024
PROOF_BYTES_MAX = 4_000_000
NOTE_BYTES_MAX = 1_000_000
SIGNATURES_MAX = 100
POLICY_LINES_MAX = 1_000
LINES_SHOWN = 40
NUMBER_MAX = 2**63 - 1
INTEGER_MAX = 2**53 - 1
ED25519, COSIGNATURE, ML_DSA_44 = 1, 4, 6
METHODS = {ED25519: "Ed25519", COSIGNATURE: "Ed25519 cosignature", ML_DSA_44: "ML-DSA-44"}
PUBLIC_BYTES = {ED25519: 32, COSIGNATURE: 32, ML_DSA_44: 1312}
HEADER = "c2sp.org/tlog-proof@v1"
CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")
KEY_NAME = re.compile("[^\x00-\x1f\\s+\ud800-\udfff]+\\Z")
Node = tuple[int, int]


class NotProven(Exception):
    """The file does not prove what it says, for the reason given."""


class NotAsked(Exception):
    """The question was not put rightly, or the file holds nothing to check."""


# --- Small forms -----------------------------------------------------------------------------------------------------------


def shown(text: Any) -> str:
    """Text from the file, shortened and made harmless to a terminal."""
    harmless = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in str(text)[:20_000])
    return harmless + ("..." if len(str(text)) > 20_000 else "")


def number_in(text: str, what: str) -> int:
    """A number from 0 to 2^63 - 1, in digits without leading zeros."""
    if not re.match(r"(?:0|[1-9][0-9]{0,18})\Z", text) or int(text) > NUMBER_MAX:
        raise NotProven(f"The {what} is not a plain number.")
    return int(text)


def bytes_in(text: Any, what: str, length: int | None = None) -> bytes:
    """What base64 writes, in its one right form, of the length that belongs there."""
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (AttributeError, ValueError, binascii.Error):
        raise NotProven(f"The {what} is not base64.") from None
    if base64.b64encode(raw).decode() != text:
        raise NotProven(f"The {what} is not base64 in its one right form.")
    if length is not None and len(raw) != length:
        raise NotProven(f"The {what} has {len(raw)} bytes, not {length}.")
    return raw


def text_in(raw: bytes, most: int, what: str) -> str:
    """UTF-8 text without control characters other than newline."""
    if len(raw) > most:
        raise NotProven(f"The {what} is larger than the {most:,} bytes that are read.")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise NotProven(f"The {what} is not UTF-8 text.") from None
    if CONTROL.search(text):
        raise NotProven(f"The {what} holds control characters.")
    return text


def json_in(text: Any, what: str) -> Any:
    """What JSON writes, without fractions, large integers or a name given twice."""

    def pairs(given: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(given)) != len(given):
            raise ValueError("a name twice")
        return dict(given)

    def integer(digits: str) -> int:
        if len(digits) > 17 or abs(int(digits)) > INTEGER_MAX:
            raise ValueError("too large")
        return int(digits)

    def refused(digits: str) -> Any:
        raise ValueError(digits)

    try:
        decoded = text.decode() if isinstance(text, bytes) else text
        return json.loads(decoded, object_pairs_hook=pairs, parse_int=integer, parse_float=refused, parse_constant=refused)
    except RecursionError:
        raise NotProven(f"The {what} is nested too deep.") from None
    except (ValueError, TypeError):
        raise NotProven(f"The {what} is not JSON as a record writes it, or it is cut off.") from None


def canonical(value: Any) -> bytes:
    """The one canonical way to write a value as JSON."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def canonical_in(text: Any, what: str) -> Any:
    """What JSON writes in the canonical way."""
    value = json_in(text, what)
    try:
        same = canonical(value) == (text if isinstance(text, bytes) else text.encode())
    except (ValueError, RecursionError):
        same = False
    if not same:
        raise NotProven(f"The {what} is not written in the canonical way.")
    return value


def exactly(value: Any, names: str, what: str) -> None:
    """Refuse anything but an object with exactly these names."""
    if not isinstance(value, dict) or value.keys() != set(names.split()):
        raise NotProven(f"The {what} is not an object with exactly {names.replace(' ', ', ')}.")


# --- Ed25519, verification only (RFC 8032, 5.1.7, without the cofactor) ----------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
Point = tuple[int, int, int, int]
NEUTRAL: Point = (0, 1, 1, 0)


def added(a: Point, b: Point) -> Point:
    """The sum of two points in extended coordinates."""
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    return (f - e) * (h - g) % P, (h + g) * (f + e) % P, (h - g) * (h + g) % P, (f - e) * (f + e) % P


def point_in(raw: bytes) -> Point | None:
    """The point that 32 bytes write, or None; only the one right way to write it counts."""
    sign, y = raw[31] >> 7, int.from_bytes(raw, "little") & (2**255 - 1)
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P == P - u and u:
        x = x * pow(2, (P - 1) // 4, P) % P
    if v * x * x % P != u or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def written(point: Point) -> bytes:
    """A point in 32 bytes."""
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = point_in((4 * pow(5, P - 2, P) % P).to_bytes(32, "little")) or NEUTRAL


def ed25519_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature is this key's over this message."""
    key = point_in(public) if len(public) == 32 and len(signature) == 64 else None
    s = int.from_bytes(signature[32:], "little")
    if key is None or s >= L:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    minus = (P - key[0], key[1], 1, P - key[3])
    sums = {1: BASE, 2: minus, 3: added(BASE, minus)}
    reached = NEUTRAL
    for bit in range(252, -1, -1):
        reached = added(reached, reached)
        step = (s >> bit & 1) | (challenge >> bit & 1) << 1
        if step:
            reached = added(reached, sums[step])
    return written(reached) == signature[:32]


# --- Keys, signed notes, checkpoints ---------------------------------------------------------------------------------------


class Key:
    """A public key with its name, read from one line (a vkey)."""

    def __init__(self, vkey: str) -> None:
        self.vkey = vkey
        self.name, _, rest = vkey.partition("+")
        key_id, _, encoded = rest.partition("+")
        if not KEY_NAME.match(self.name) or not re.match(r"[0-9a-fA-F]{8}\Z", key_id):
            raise NotProven("A verifier key is a name, eight hexadecimal digits and base64, joined by plus signs.")
        typed = bytes_in(encoded, "verifier key")
        self.method, self.public = (typed[0], typed[1:]) if typed else (0, b"")
        if PUBLIC_BYTES.get(self.method) != len(self.public):
            raise NotProven(f"The verifier key of {shown(self.name)} is of a kind or length that is not known here.")
        self.key_id = hashlib.sha256(self.name.encode() + b"\n" + typed).digest()[:4]
        if self.key_id.hex() != key_id.lower():
            raise NotProven(f"The verifier key of {shown(self.name)} does not fit its key id: it was changed or cut off.")

    @property
    def checkable(self) -> bool:
        """Whether this machine can check such signatures."""
        return self.method != ML_DSA_44 or MLDSA44PublicKey is not None

    def time_of(self, text: str, signature: bytes) -> int | None:
        """The time that a right signature over the text states (0 for none); None for a wrong one."""
        if self.method == ED25519:
            return 0 if ed25519_signed(self.public, text.encode(), signature) else None
        stated, signature = int.from_bytes(signature[:8], "big"), signature[8:]
        if stated > NUMBER_MAX:
            return None
        if self.method == COSIGNATURE:
            message = f"cosignature/v1\ntime {stated}\n{text}".encode()
            return stated if ed25519_signed(self.public, message, signature) else None
        return stated if self._ml_dsa_signed(text, stated, signature) else None

    def _ml_dsa_signed(self, text: str, stated: int, signature: bytes) -> bool:
        origin, size, root = checkpoint_in(text)
        names = self.name.encode(), origin.encode()
        if max(len(name) for name in names) > 255:
            return False
        message = b"subtree/v1\n\0" + bytes([len(names[0])]) + names[0] + stated.to_bytes(8, "big")
        message += bytes([len(names[1])]) + names[1] + bytes(8) + size.to_bytes(8, "big") + root
        try:
            MLDSA44PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


def checkpoint_in(text: str) -> tuple[str, int, bytes]:
    """Origin, size and root that a checkpoint states."""
    lines = text.split("\n")
    if lines.pop() or len(lines) != 3 or "" in lines:
        raise NotProven("The checkpoint is not three lines: origin, size and root.")
    size, root = number_in(lines[1], "checkpoint's size"), bytes_in(lines[2], "checkpoint's root", 32)
    if size == 0 and root != hashlib.sha256(b"").digest():
        raise NotProven("The checkpoint names a root over no entries that is not the root over nothing.")
    return lines[0], size, root


def opened(note: str, keys: list[Key]) -> tuple[str, dict[str, int], list[Key]]:
    """A note's text, the keys (vkey) that signed it with the time they state, and those that could not be checked."""
    text, separator, rest = text_in(note.encode("utf-8", "surrogatepass"), NOTE_BYTES_MAX, "signed note").rpartition("\n\n")
    lines = rest.split("\n")
    if not separator or lines.pop() or not lines or len(lines) > SIGNATURES_MAX:
        raise NotProven("The checkpoint is not a text, an empty line and 1 to 100 lines of signatures: it may be cut off.")
    trusted = {(key.name, key.key_id): key for key in keys}
    signed: dict[str, int] = {}
    unchecked: list[Key] = []
    for line in lines:
        name, _, encoded = line[2:].partition(" ")
        raw = bytes_in(encoded, "signature")
        if not line.startswith("\u2014 ") or not KEY_NAME.match(name) or len(raw) < 5:
            raise NotProven("A line of signature has not its form.")
        key = trusted.get((name, raw[:4]))
        if key is None:
            continue
        if not key.checkable:
            unchecked.append(key)
            continue
        stated = key.time_of(text + "\n", raw[4:])
        if stated is None:
            raise NotProven(f"The signature of {shown(key.name)} does not fit: text or signature was changed.")
        signed[key.vkey] = max(stated, signed.get(key.vkey, 0))
    return text + "\n", signed, unchecked


# --- Policies --------------------------------------------------------------------------------------------------------------


class Policy:
    """Whose signatures make a checkpoint good."""

    def __init__(self) -> None:
        self.logs: list[Key] = []
        self.witnesses: dict[str, Key] = {}
        self.groups: dict[str, tuple[int, list[str]]] = {}
        self.quorum: str | None = None

    @classmethod
    def of_keys(cls, vkeys: list[str]) -> Policy:
        """Trust any one of these logs; ask for no witness."""
        policy = cls()
        policy.logs, policy.quorum = [Key(vkey) for vkey in vkeys], "none"
        return policy

    @classmethod
    def read(cls, raw: bytes) -> Policy:
        """The policy that a file states."""
        policy = cls()
        lines = raw[: NOTE_BYTES_MAX + 1].decode("utf-8", "surrogateescape").split("\n")
        if len(raw) > NOTE_BYTES_MAX or len(lines) > POLICY_LINES_MAX:
            raise NotProven("The policy is larger than the 1,000,000 bytes and 1,000 lines that are read.")
        for count, line in enumerate(lines, start=1):
            items = re.split("[ \t]+", line.strip(" \t"))
            try:
                if re.search("[\x00-\x08\x0b-\x1f\x7f]", line):
                    raise NotProven("It holds control characters.")
                if items[0] and not items[0].startswith("#"):
                    policy._take(items)
            except NotProven as fault:
                raise NotProven(f"The policy is wrong in line {count}. {fault}") from None
        if policy.quorum is None:
            raise NotProven("The policy names no quorum.")
        return policy

    def _take(self, items: list[str]) -> None:
        word, rest = items[0], items[1:]
        known = {**self.witnesses, **self.groups}
        if word == "log" and 1 <= len(rest) <= 2:
            self.logs.append(_new_key(rest[0], self.logs))
        elif word == "witness" and 2 <= len(rest) <= 3 and rest[0] not in known and rest[0] != "none":
            self.witnesses[rest[0]] = _new_key(rest[1], list(self.witnesses.values()))
            if self.witnesses[rest[0]].method == ED25519:
                raise NotProven("A witness signs by a cosigner's key.")
        elif word == "group" and len(rest) >= 3 and rest[0] not in known and rest[0] != "none":
            used = [member for _, members in self.groups.values() for member in members] + rest[2:]
            if len(set(used)) != len(used) or not set(rest[2:]) <= known.keys():
                raise NotProven("A member of a group is not known, or is one twice.")
            self.groups[rest[0]] = _threshold(rest[1], len(rest) - 2), rest[2:]
        elif word == "quorum" and len(rest) == 1 and self.quorum is None and (rest[0] in known or rest[0] == "none"):
            self.quorum = rest[0]
        else:
            raise NotProven("The line has not the form of a log, witness, group or quorum, or a name is taken or not known.")

    def accept(self, note: str) -> tuple[str, int, bytes, list[str]]:
        """Origin, size and root of a checkpoint that is good by this policy, and sentences on who signed it."""
        text, signed, unchecked = opened(note, self.logs + list(self.witnesses.values()))
        hint = " Signatures by ML-DSA-44 could not be checked: that needs the package 'cryptography'." if unchecked else ""
        origin, size, root = checkpoint_in(text)
        logs = [log for log in self.logs if log.vkey in signed and log.name == origin]
        if not logs:
            raise NotProven(f"No log that you trust has signed this checkpoint of {shown(origin)}.{hint}")
        witnesses = {name for name, key in self.witnesses.items() if key.vkey in signed}
        content = witnesses | {"none"}
        for name, (threshold, members) in self.groups.items():
            if len(content.intersection(members)) >= threshold:
                content.add(name)
        if self.quorum not in content:
            raise NotProven(f"Too few witnesses have signed: {len(witnesses)}, which do not make the quorum.{hint}")
        told = [f"Its head is signed by {shown(log.name)} with {METHODS[log.method]}." for log in logs]
        for name in sorted(witnesses):
            told.append(f"The witness {shown(name)} saw it{_when(signed[self.witnesses[name].vkey])}.")
        told += [f"The signature of {shown(key.name)} with ML-DSA-44 was not checked.{hint}" for key in unchecked]
        return origin, size, root, told


def _new_key(vkey: str, others: list[Key]) -> Key:
    key = Key(vkey)
    if key.public in [other.public for other in others]:
        raise NotProven("The same key is listed twice.")
    return key


def _threshold(many: str, members: int) -> int:
    if many in ("any", "all"):
        return 1 if many == "any" else members
    if not re.match(r"[1-9][0-9]{0,5}\Z", many) or int(many) > members:
        raise NotProven("A group needs 'any', 'all' or a number of its members.")
    return int(many)


def _when(seconds: int) -> str:
    if not 0 < seconds < 253_402_300_800:
        return ""
    return " on " + datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%d at %H:%M:%S UTC")


# --- Trees -----------------------------------------------------------------------------------------------------------------


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def middle_of(low: int, high: int) -> int:
    """Where RFC 6962 splits a range of leaves."""
    return low + (1 << ((high - low - 1).bit_length() - 1))


def root_by_path(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bytes:
    """The root to which a proof leads from one leaf."""
    low, high, sides = 0, size, []
    while high - low > 1:
        middle = middle_of(low, high)
        sides.append(index < middle)
        low, high = (low, middle) if index < middle else (middle, high)
    if len(sides) != len(proof):
        raise NotProven(f"The proof has {len(proof)} hashes where {len(sides)} belong.")
    for on_the_left, beside in zip(reversed(sides), proof):  # noqa: B905 - Python 3.9; the lengths are equal
        leaf = node_hash(leaf, beside) if on_the_left else node_hash(beside, leaf)
    return leaf


def root_by_nodes(size: int, leaves: dict[int, bytes], nodes: dict[Node, bytes]) -> bytes:
    """The root over some leaves and exactly the other hashes that it takes."""
    order, unused = sorted(leaves), dict(nodes)

    def over(low: int, high: int, first: int, last: int) -> bytes:
        width = high - low
        if first == last and width & (width - 1) == 0:
            name = (width.bit_length() - 1, low // width)
            if name not in unused:
                raise NotProven(f"The hash {name[0]}/{name[1]} is missing.")
            return unused.pop(name)
        if width == 1:
            return leaves[low]
        middle = middle_of(low, high)
        between = bisect.bisect_left(order, middle, first, last)
        return node_hash(over(low, middle, first, between), over(middle, high, between, last))

    root = over(0, size, 0, len(order)) if size else hashlib.sha256(b"").digest()
    if unused:
        raise NotProven("The hash {}/{} is not needed here.".format(*min(unused)))
    return root


# --- Facts -----------------------------------------------------------------------------------------------------------------


class Fact:
    """A revealed fact, with the entry of the record that follows from it."""

    def __init__(self, revealed: Any) -> None:
        exactly(revealed, "index main person", "revealed fact")
        if type(revealed["index"]) is not int or not 0 <= revealed["index"] <= NUMBER_MAX:
            raise NotProven("The index of a revealed fact is not a number from 0.")
        self.index: int = revealed["index"]
        main, self.main = _part(revealed["main"], "main part")
        person, self.person = _part(revealed["person"], "person's part")
        if not self.main and not self.person:
            raise NotProven(f"Fact {self.index} is shown with neither part opened.")
        self.hash = hashlib.sha256(b"\x00\x01" + main + person).digest()
        self.without_person = False
        if self.main:
            nobody = hashlib.sha256(b"yinuo/none/v1" + base64.b64decode(revealed["main"]["salt"])).digest()
            self.without_person = person == hashlib.sha256(b"yinuo/part/v1{}" + nobody).digest()

    def number(self, field: str, subject: str) -> int | None:
        """The number that a subject gave to this fact, if the fact is about it."""
        for part in (self.main, self.person):
            fact = part["content"].get("fact") if part else None
            if part and isinstance(fact, dict) and fact.get(field) == subject and field in part["numbers"]:
                return int(part["numbers"][field])
        return None

    def sentences(self) -> list[str]:
        """What is shown of it."""
        told = [f"Entry {self.index}:"]
        for name, part in (("", self.main), ("person's part: ", self.person)):
            if part:
                told.append(f"    {name}{shown(part['text'])}")
                told.append("    numbers: " + (", ".join(f"{k} {v}" for k, v in sorted(part["numbers"].items())) or "none"))
        if self.main and not self.person:
            told.append("    There is no person's part." if self.without_person else "    A person's part is not shown.")
        return told


def _part(part: Any, what: str) -> tuple[bytes, dict[str, Any] | None]:
    """The commitment to a part, and the part if it was opened."""
    if isinstance(part, dict) and "commitment" in part:
        exactly(part, "commitment", what)
        return bytes_in(part["commitment"], f"commitment to the {what}", 32), None
    exactly(part, "content numbers salt", what)
    salt, text, numbers = bytes_in(part["salt"], f"salt of the {what}", 32), part["content"], part["numbers"]
    content = canonical_in(text, f"content of the {what}")
    if not isinstance(content, dict) or not isinstance(numbers, dict):
        raise NotProven(f"The content or the numbers of the {what} are not an object.")
    for name, number in numbers.items():
        if not (name.isascii() and name.isidentifier() and type(number) is int and 0 <= number <= INTEGER_MAX):
            raise NotProven(f"The numbers of the {what} are not numbers from 0 by field.")
    inner = hashlib.sha256(b"yinuo/inner/v1" + salt + text.encode()).digest()
    commitment = hashlib.sha256(b"yinuo/part/v1" + canonical(numbers) + inner).digest()
    return commitment, {"text": text, "content": content, "numbers": numbers}


# --- Files -----------------------------------------------------------------------------------------------------------------


def check_proof(raw: bytes, policy: Policy) -> list[str]:
    """What a proof file proves, in sentences."""
    head, separator, note = text_in(raw, PROOF_BYTES_MAX, "proof file").partition("\n\n")
    lines = head.split("\n")
    if not separator or not note:
        raise NotProven("The proof file ends before its checkpoint: it is cut off.")
    if len(lines) < 3 or not lines[1].startswith("extra ") or not lines[2].startswith("index "):
        raise NotProven("The proof file does not say which fact it shows (extra) and where that stands (index).")
    index = number_in(lines[2][6:], "proof's index")
    hashes = [bytes_in(line, "proof's hash", 32) for line in lines[3:]]
    fact = Fact(canonical_in(bytes_in(lines[1][6:], "extra data"), "proof's extra data"))
    if fact.index != index:
        raise NotProven(f"The proof is about entry {index}, the fact shown says that it is entry {fact.index}.")
    origin, size, root, told = policy.accept(note)
    if not index < size or root_by_path(fact.hash, index, size, hashes) != root:
        raise NotProven(f"The fact shown does not stand at entry {index} of {shown(origin)}: fact, index or proof was changed.")
    return [f"This is from the record {shown(origin)} when it had {size:,} entries.", *told, *fact.sentences(),
            "PROVEN: the record holds this fact at this place, unchanged."]


def check_pack(pack: Any, policy: Policy | None) -> list[str]:
    """What a pack proves, in sentences."""
    shapes = {"format": str, "kind": str, "note": str, "about": dict, "checkpoint": str, "policy": str, "size": int,
              "facts": list, "nodes": dict}
    for name, shape in shapes.items():
        if not isinstance(pack, dict) or type(pack.get(name)) is not shape:
            raise NotProven(f"This is not a pack: its {name!r} is missing or of another form.")
    if pack["format"] != "yinuo-pack-v1" or pack["kind"] not in ("order", "credit", "reviews", "receipt"):
        raise NotAsked("This pack is of a form or kind that is not known here; a newer version of this file may know it.")
    trusted = policy or Policy.read(pack["policy"].encode("utf-8", "surrogatepass"))
    origin, size, root, told = trusted.accept(pack["checkpoint"])
    if pack["size"] != size:
        raise NotProven(f"The pack speaks of {pack['size']} entries, its checkpoint of {size}.")
    facts = [Fact(each) for each in pack["facts"]]
    order = [fact.index for fact in facts]
    if order != sorted(set(order)) or (order and order[-1] >= size):
        raise NotProven("The facts do not stand in the order of their index, each once, within the record.")
    if root_by_nodes(size, {fact.index: fact.hash for fact in facts}, _nodes(pack["nodes"])) != root:
        raise NotProven("The facts and hashes do not lead to the checkpoint's root: at least one was changed.")
    told.insert(0, f"This is from the record {shown(origin)} when it had {size:,} entries.")
    if policy is None:
        told.append("Whom to trust was read from the file itself. Compare these keys with those that the record publishes:")
        told += [f"    {shown(log.vkey)}" for log in trusted.logs]
    told += [f"Marked: {shown(pack['note'])}"] if pack["note"] else []
    told += _completeness(facts, pack["kind"], pack["about"])
    told += [sentence for fact in facts for sentence in fact.sentences()]
    return [*told, f"PROVEN: the record holds these {len(facts):,} facts at their places, unchanged. What else the file says"
            " (its own sums and texts) was not checked here."
            + (" `yinuo verify` computes its score or counts again." if pack["kind"] in ("credit", "reviews") else "")
            + (" `yinuo verify` holds them against the receipt." if pack["kind"] == "receipt" else "")]


def _completeness(facts: list[Fact], kind: str, about: dict[str, Any]) -> list[str]:
    """Sentences on whether facts about the pack's subjects were left out; refuses gaps where a pack promises all."""
    if kind == "order" and not isinstance(about.get("order"), str):
        raise NotProven("The pack does not say about which order it is.")
    told = []
    for field, subject in about.items():
        numbers = sorted(n for n in (fact.number(field, subject) for fact in facts) if n is not None)
        if kind == "order" and field == "order" and (not numbers or numbers != list(range(len(numbers)))):
            raise NotProven("The numbers of the facts about this order do not run from 0 without a gap: one was left out.")
        if numbers and numbers == list(range(numbers[0], numbers[-1] + 1)):
            told.append(f"About {shown(field)} {shown(subject)}: numbers {numbers[0]} to {numbers[-1]}, without a gap.")
            if kind == "order":
                told.append("    Later ones may exist, and withdrawals of those shown: nothing here says how many there are.")
        elif numbers:
            told.append(f"About {shown(field)} {shown(subject)}: {len(numbers)} facts, others between them are not shown.")
    return told


def _nodes(given: dict[str, Any]) -> dict[Node, bytes]:
    nodes = {}
    for name, text in given.items():
        match = re.match(r"([0-9]{1,2})/([0-9]{1,19})\Z", name)
        if not match:
            raise NotProven("A hash of the pack is not named by level and index.")
        place = number_in(match[1], "level of a hash"), number_in(match[2], "index of a hash")
        nodes[place] = bytes_in(text, f"hash {name}", 32)
    return nodes


def check(raw: bytes, policy: Policy | None) -> list[str]:
    """What the file proves, in sentences; raises NotProven where it proves nothing."""
    if raw.startswith(HEADER.encode() + b"\n"):
        if policy is None:
            raise NotAsked("A proof file does not say whom to trust: give --policy or --key.")
        return check_proof(raw, policy)
    if raw[:1] == b"{":
        return check_pack(json_in(raw, "pack"), policy)
    if not raw:
        raise NotAsked("The file is empty. Ask whoever gave it to you for another copy.")
    raise NotAsked("This is neither a proof file nor a pack of facts, or its beginning is missing. Ask whoever gave it to you"
                   " for another copy.")


def read(path: str) -> bytes:
    """A file's bytes; refuses one that is too large."""
    with open(path, "rb") as file:
        raw = file.read(FILE_BYTES_MAX + 1)
    if len(raw) > FILE_BYTES_MAX:
        raise NotProven(f"{path} is larger than the {FILE_BYTES_MAX // 2**20} MB that are read.")
    return raw


def main(arguments: list[str] | None = None) -> int:
    """Check one file and say what was found; the exit code."""
    parser = argparse.ArgumentParser(description="Check a proof file or a pack of facts from a Yinuo record.")
    parser.add_argument("file", help="a .tlog-proof file or a pack (.json)")
    parser.add_argument("--policy", help="a file that says which logs and witnesses you trust")
    parser.add_argument("--key", action="append", help="the verifier key of a log that you trust")
    parser.add_argument("--all", action="store_true", help=f"show every fact, not only the first {LINES_SHOWN} lines")
    given = parser.parse_args(arguments)
    try:
        policy = Policy.read(read(given.policy)) if given.policy else Policy.of_keys(given.key) if given.key else None
    except (NotProven, OSError) as fault:
        sys.stderr.write(f"Whom you trust cannot be read. {shown(fault)}\n")
        return 2
    try:
        told = check(read(given.file), policy)
    except (OSError, NotAsked) as fault:
        sys.stderr.write(f"Nothing was checked. {shown(fault)}\n")
        return 2
    except NotProven as fault:
        sys.stderr.write(f"NOT PROVEN: {shown(fault)}\n")
        return 1
    except RecursionError:
        sys.stderr.write("NOT PROVEN: the file is nested too deep.\n")
        return 1
    *lines, verdict = told
    more = 0 if given.all else len(lines) - LINES_SHOWN
    lines = [verdict, *(lines if more <= 0 else [*lines[:LINES_SHOWN], f"... and {more:,} lines more; --all shows them."])]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
