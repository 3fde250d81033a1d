"""Policies (C2SP tlog-policy): whose signatures make a checkpoint good: any one of some logs, and a quorum of witnesses."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from yinuo.kit.checkpoints import Checkpoint, parse_checkpoint
from yinuo.kit.note_keys import Method, Verifier, parse_vkey
from yinuo.kit.notes import Unsigned, open_note, parse_note
from yinuo.kit.refusals import Malformed, TooLarge

POLICY_BYTES_MAX = 1_000_000
LINES_MAX = 1_000
NOBODY = "none"
_RECEIPTS = "receipts"      # after a "#": to whoever knows nothing of receipts the line is a comment
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_BLANK = re.compile(r"[ \t]+")
_COUNT = re.compile(r"[1-9][0-9]{0,5}\Z")


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness by its name in the policy, and its key."""

    key: Verifier
    url: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Names of witnesses and groups, and how many of them must have witnessed."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A checkpoint that a policy accepts: the log's keys that signed it, and when each witness saw it (POSIX seconds).

    `lacking` are those of whom the policy would have believed a signature and found none: other keys under the log's
    name, and witnesses by their name. Enough others signed; but a changed letter in a signature's name ends there too.
    """

    checkpoint: Checkpoint
    keys: tuple[Verifier, ...]
    witnessed: Mapping[str, int]
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """Trusted logs (each with its address or ""), witnesses and groups by name, and the name that makes the quorum.

    `receipts` are the keys by which receipts are believed, and nothing else. The format has no word for them, so that they
    stand in lines that others read as comments: `# receipts VKEY`.
    """

    logs: Mapping[Verifier, str]
    witnesses: Mapping[str, Witness] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    quorum: str = NOBODY
    receipts: tuple[Verifier, ...] = ()

    @property
    def text(self) -> str:
        """The policy as a file; what it says is what `parse_policy` reads."""
        lines = [_line("log", log.vkey, url) for log, url in self.logs.items()]
        lines += [_line("#", _RECEIPTS, key.vkey) for key in self.receipts]
        lines += [_line("witness", name, each.key.vkey, each.url) for name, each in self.witnesses.items()]
        lines += [_line("group", name, _threshold(each), *each.members) for name, each in self.groups.items()]
        return "".join([*lines, _line("quorum", self.quorum)])

    def accept(self, note: str | bytes) -> Accepted:
        """The checkpoint in a signed note, if a log listed here signed it and the quorum witnessed it; refuses otherwise."""
        if not self.logs:
            raise Unsigned("This policy names no log, so that no checkpoint is good by it.")
        self._check_origin(parse_note(note).text.partition("\n")[0])
        opened = open_note(note, [*self.logs, *(witness.key for witness in self.witnesses.values())])
        checkpoint = parse_checkpoint(opened.text)
        keys = tuple(key for key in self.logs if key in opened.signed and key.name == checkpoint.origin)
        if not keys:
            raise Unsigned(f"No log of the policy has signed this checkpoint of {checkpoint.origin[:80]}.")
        witnessed = {name: opened.signed[each.key] for name, each in self.witnesses.items() if each.key in opened.signed}
        if not self.is_quorum(witnessed.keys()):
            raise Unsigned(f"Too few witnesses have signed: {len(witnessed)}, which do not make the quorum {self.quorum!r}.")
        lacking = [key.vkey for key in self.logs if key.name == checkpoint.origin and key not in keys]
        lacking += [name for name in self.witnesses if name not in witnessed]
        return Accepted(checkpoint, keys, witnessed, tuple(lacking))

    def _check_origin(self, origin: str) -> None:
        """Refuse a checkpoint of a log that is not named here, before any signature: most likely the wrong policy was given."""
        names = sorted({key.name for key in self.logs})
        if origin not in names:
            raise Unsigned(
                f"It is another log's: the file comes from {origin[:80]}, and the keys trusted here are those of "
                f"{', '.join(names)[:200]}. Give that log's policy."
            )

    def is_quorum(self, witnessed: Collection[str]) -> bool:
        """Whether these witnesses, by name, are enough."""
        content = {NOBODY, *witnessed}
        for name, group in self.groups.items():     # a group names only what stands before it
            if len(content.intersection(group.members)) >= group.threshold:
                content.add(name)
        return self.quorum in content


def parse_policy(policy: str | bytes) -> Policy:
    """The policy in a file; refuses, with the number of the line, what the format does not allow."""
    if len(policy) > POLICY_BYTES_MAX:
        raise TooLarge(f"This policy is larger than the {POLICY_BYTES_MAX:,} bytes that are read.")
    text = policy.decode("utf-8", "surrogateescape") if isinstance(policy, bytes) else policy   # names are octets
    lines = text.split("\n")
    if len(lines) > LINES_MAX:
        raise TooLarge(f"This policy has more than the {LINES_MAX:,} lines that are read.")
    reading = _Reading()
    for number, line in enumerate(lines, start=1):
        try:
            reading.take(line)
        except Malformed as refusal:
            raise Malformed(str(refusal), path=f"policy, line {number}") from None
    return reading.finish()


class _Reading:
    """What the lines of a policy have said so far."""

    def __init__(self) -> None:
        self.logs: dict[Verifier, str] = {}
        self.witnesses: dict[str, Witness] = {}
        self.groups: dict[str, Group] = {}
        self.members: set[str] = set()
        self.quorum: str | None = None
        self.receipts: dict[Verifier, None] = {}

    def take(self, line: str) -> None:
        """Read one line."""
        if _FORBIDDEN.search(line):
            raise Malformed("A policy holds no control characters but tab and newline.")
        word, *items = _BLANK.split(line.strip(" \t"))
        if not word or word.startswith("#"):
            self._comment(word, items)
            return
        readers = {"log": self._log, "witness": self._witness, "group": self._group, "quorum": self._quorum}
        if word not in readers:
            raise Malformed(f"{word[:80]!r} is not a word that a line of a policy begins with.")
        readers[word](items)

    def finish(self) -> Policy:
        """The whole policy."""
        if self.quorum is None:
            raise Malformed(
                "A policy has one line that names its quorum; this one has none. Where no witness is asked for, add: quorum "
                "none"
            )
        return Policy(self.logs, self.witnesses, self.groups, self.quorum, tuple(self.receipts))

    def _comment(self, word: str, items: list[str]) -> None:
        """A line that says nothing to the format; it may name a key for receipts."""
        if word != "#" or len(items) != 2 or items[0] != _RECEIPTS:
            return
        try:
            self.receipts[parse_vkey(items[1])] = None
        except Malformed:
            return      # some other comment

    def _log(self, items: list[str]) -> None:
        vkey, url = _filled(items, 1, "log, its key and perhaps an address")
        key = parse_vkey(vkey)
        if key.public in {each.public for each in self.logs}:
            raise Malformed("The same key is listed for a log twice.")
        self.logs[key] = url

    def _witness(self, items: list[str]) -> None:
        name, vkey, url = _filled(items, 2, "witness, a name, its key and perhaps an address")
        key = parse_vkey(vkey)
        if key.method is Method.ED25519:
            raise Malformed("A witness signs by a cosigner's key, not by a log's.")
        if key.public in {each.key.public for each in self.witnesses.values()}:
            raise Malformed("The same key is listed for a witness twice.")
        self._free(name)
        self.witnesses[name] = Witness(key, url)

    def _group(self, items: list[str]) -> None:
        if len(items) < 3:
            raise Malformed("A line of a group is: group, a name, how many, and at least one member.")
        name, many, *members = items
        self._free(name)
        for member in members:
            self._known(member)
            if member in self.members:
                raise Malformed(f"{member[:80]!r} is a member twice.")
            self.members.add(member)
        self.groups[name] = Group(_count(many, len(members)), tuple(members))

    def _quorum(self, items: list[str]) -> None:
        if len(items) != 1 or self.quorum is not None:
            raise Malformed("A policy has one quorum, which is one name.")
        if items[0] != NOBODY:
            self._known(items[0])
        self.quorum = items[0]

    def _free(self, name: str) -> None:
        if name == NOBODY or name in self.witnesses or name in self.groups:
            raise Malformed(f"The name {name[:80]!r} is taken.")

    def _known(self, name: str) -> None:
        if name not in self.witnesses and name not in self.groups:
            raise Malformed(f"No line before this one says who {name[:80]!r} is.")


def _filled(items: list[str], needed: int, form: str) -> list[str]:
    """The items with "" for an address left out."""
    if not needed <= len(items) <= needed + 1:
        raise Malformed(f"Such a line is: {form}.")
    return [*items, *[""] * (needed + 1 - len(items))]


def _count(many: str, members: int) -> int:
    if many in ("any", "all"):
        return 1 if many == "any" else members
    if not _COUNT.match(many) or int(many) > members:
        raise Malformed(f"A group of {members} needs 'any', 'all' or a number from 1 to {members}.")
    return int(many)


def _threshold(group: Group) -> str:
    return "all" if group.threshold == len(group.members) else "any" if group.threshold == 1 else str(group.threshold)


def _line(*items: str) -> str:
    return " ".join(item for item in items if item) + "\n"
