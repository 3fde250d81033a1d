"""`yinuo verify`: check evidence offline. No account, no database, no data folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from yinuo.kit.refusals import Refusal

if TYPE_CHECKING:
    from yinuo.cli._verify import Teller
    from yinuo.kit.policies import Policy

FILE_MEGABYTES_MAX = 128
VALUES_MAX = 12_000_000     # in a pack: each takes up to 80 bytes of memory, and a file of that size may hold ten times as many
POLICY_BYTES_MAX = 1_000_000
EXIT_NOT_PROVEN = 1
EXIT_NOT_ASKED = 2


@click.command("verify")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--policy", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Whose signatures you trust, as `yinuo record policy` prints it. Without it, a pack's own is read.")
@click.option("--language", type=click.Choice(["en", "zh-hans"]), help="The language to tell it in; by default the machine's.")
def command(*, file: Path, policy: Path | None, language: str | None) -> None:
    """Check FILE: a proof (.tlog-proof), an order's evidence, a credit report, counts of reviews or a receipt (.json).

    It needs nothing but the file: no account, no network, no database. Of a credit report it computes the score again, to the
    point, and names the fact or step that differs. Of a receipt alone it tells what was promised; with what `yinuo record
    receipt` made of it, that the promise was kept. Ends with 0 if all is proven, 1 if not, 2 if nothing could be checked: no
    file, one of another kind, or nobody to trust.

    \b
    yinuo verify 1234.tlog-proof --policy yinuo.policy
    yinuo verify report.json --policy yinuo.policy --language zh-hans
    """
    from yinuo.cli._verify import Teller  # noqa: PLC0415 - `yinuo --help` must not wait for it

    tell = Teller(language or _language_here())
    try:
        trusted = _policy(policy)
        raw = _read(file)
    except (OSError, Refusal) as fault:
        click.echo(tell.not_checked(fault), err=True)
        raise SystemExit(EXIT_NOT_ASKED) from None
    try:
        lines = told(raw, trusted, tell)
    except NothingToCheck as fault:
        click.echo(tell.not_checked(fault), err=True)
        raise SystemExit(EXIT_NOT_ASKED) from None
    except MemoryError:
        click.echo(tell("no-memory"), err=True)
        raise SystemExit(EXIT_NOT_ASKED) from None
    except Exception as fault:  # noqa: BLE001 - a file is hostile until it is proven: whatever it breaks, it proves nothing
        click.echo(tell.not_proven(fault), err=True)
        raise SystemExit(EXIT_NOT_PROVEN) from None
    click.echo("\n".join(lines))


class NothingToCheck(Refusal):
    """There is no evidence in the file, or nobody whom to believe: neither proven nor disproven."""

    status = 422
    code = "nothing-to-check"


def is_proof(raw: bytes) -> bool:
    """Whether the file says that it is a proof file."""
    return raw.startswith(b"c2sp.org/tlog-proof@")


def told(raw: bytes | None, policy: Policy | None, tell: Teller) -> list[str]:
    """What the file proves, in lines; refuses what proves nothing. None stands for a file that is too large."""
    if raw is None:
        raise NothingToCheck(f"The file is larger than the {FILE_MEGABYTES_MAX} MB that are read.")
    if is_proof(raw):
        from yinuo.kit.evidence import check_fact_proof  # noqa: PLC0415

        if policy is None:
            raise NothingToCheck("A proof file does not say whom to trust: give --policy.")
        return tell.proof(check_fact_proof(raw, policy))
    if not raw:
        raise NothingToCheck("The file is empty. Ask whoever gave it to you for another copy.")
    if raw.lstrip()[:1] != b"{":
        raise NothingToCheck(
            "This is neither a proof file nor a pack of facts, or its beginning is missing. Ask whoever gave it to you for "
            "another copy."
        )
    if sum(map(raw.count, (b",", b"[", b"{"))) > VALUES_MAX:
        raise NothingToCheck(f"The pack has more than the {VALUES_MAX:,} values that are read.")
    from yinuo.kit.canonical import read_json  # noqa: PLC0415

    return _told_of_pack(read_json(raw, "pack"), policy, tell)


def _told_of_pack(pack: dict[str, Any], policy: Policy | None, tell: Teller) -> list[str]:
    from yinuo.kit.receipts import check_receipt, is_receipt  # noqa: PLC0415

    kind, receipt = pack.get("kind"), pack.get("receipt", pack) if "kind" not in pack else None
    if is_receipt(receipt):
        if policy is None:
            raise NothingToCheck("A receipt does not say whom to trust: give --policy.")
        return tell.promised(check_receipt(receipt, policy.receipts)[0])
    if kind == "receipt":
        from yinuo.record.proofs import check_receipt_pack  # noqa: PLC0415

        return tell.kept(check_receipt_pack(pack, policy), pack, trusted=policy is not None)
    if kind == "order":
        from yinuo.record.proofs import check_order_pack  # noqa: PLC0415

        return tell.order(check_order_pack(pack, policy), pack, trusted=policy is not None)
    from yinuo.credit import proofs  # noqa: PLC0415 - half a second of libraries

    if kind == "credit":
        return tell.credit(proofs.check_report(pack, policy), pack, trusted=policy is not None)
    if kind == "reviews":
        return tell.reviews(proofs.check_reviews(pack, policy), pack, trusted=policy is not None)
    if kind is None:
        raise NothingToCheck(
            "This is no evidence: it does not say of which kind it is. Ask whoever gave it to you for another copy."
        )
    raise NothingToCheck(
        f"This pack is of a kind that is not known here: {str(kind)[:80]!r}. A newer version of this program may know it."
    )


def _policy(file: Path | None) -> Policy | None:
    if file is None:
        return None
    from yinuo.kit.policies import parse_policy  # noqa: PLC0415

    with file.open("rb") as opened:
        return parse_policy(opened.read(POLICY_BYTES_MAX + 1))


def _read(file: Path) -> bytes | None:
    """The file's bytes; None where it is too large."""
    with file.open("rb") as opened:
        raw = opened.read(FILE_MEGABYTES_MAX * 2**20 + 1)
    return raw if len(raw) <= FILE_MEGABYTES_MAX * 2**20 else None


def _language_here() -> str:
    here = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    return "zh-hans" if here.lower().startswith("zh") else "en"
