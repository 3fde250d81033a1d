"""`yinuo person`: what a person may ask about what is kept of them."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from yinuo.cli import set_up
from yinuo.kit.refusals import Malformed

if TYPE_CHECKING:
    from yinuo.pipelines.persons import Erased

Command = TypeVar("Command", bound=Callable[..., Any])


def _about(function: Command) -> Command:
    """The argument and option by which a person is named."""
    named = click.argument("person")(function)
    return click.option("--source", help="Take PERSON for the buyer's id at this source instead of our own.")(named)


@click.group()
def command() -> None:
    """Answer a person who asks what is kept about them (docs/guide/personal-data.md).

    \b
    Examples:
      yinuo person see customer-17 --source shop
      yinuo person take customer-17 --source shop --for age1... -o package.zip.age
      yinuo person erase bmeiok6a3zthknftw
    """


@command.command()
@_about
def see(person: str, source: str | None) -> None:
    """Print everything kept about PERSON as JSON; that somebody looked is noted."""
    set_up()
    from yinuo.pipelines import persons  # noqa: PLC0415 - after set_up

    about = persons.see(person=_find(person, source), **_here(), **_law())
    click.echo(json.dumps(about, indent=2, ensure_ascii=False))


@command.command()
@_about
@click.option("--for", "recipient", help="A public key of age (age1...): only who holds its other half can open the package.")
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The file to write.")
def take(person: str, source: str | None, recipient: str | None, output: Path) -> None:
    """Write everything kept about PERSON, with the proof of each fact, into a zip to take along."""
    set_up()
    from yinuo.pipelines import persons  # noqa: PLC0415 - after set_up

    package = persons.take_along(person=_find(person, source), recipient=recipient, **_here(), **_law())
    write_anew(output, package)
    locked = "locked for that key" if recipient else "not locked: whoever has the file can read it"
    click.echo(f"{output}: {len(package):,} bytes, {locked}.")


@command.command()
@_about
@click.option("--yes", is_flag=True, help="Do not ask again.")
def erase(person: str, source: str | None, yes: bool) -> None:
    """Erase what is kept about PERSON for good; what a law keeps is told, and goes by itself when it may."""
    set_up()
    from yinuo.pipelines import persons  # noqa: PLC0415 - after set_up

    found = _find(person, source)
    if not yes:
        click.confirm(f"Erase {found}? Nobody can bring it back.", abort=True)
    for line in told(persons.erase(person=found, **_here(), **_law())):
        click.echo(line)


@command.command()
@_about
@click.option("--because", "ground", default="objection", show_default=True, help="The ground: see the guide.")
@click.option("--lift", is_flag=True, help="End the restriction instead.")
def restrict(person: str, source: str | None, ground: str, lift: bool) -> None:
    """Have PERSON's data kept and not used: no page shows their words, and no level is set."""
    set_up()
    from yinuo.people import actions  # noqa: PLC0415 - after set_up

    found, here = _find(person, source), _here()
    del here["realm"]
    if lift:
        lifted = actions.lift_restriction(person=found, **here)
        many = f"{lifted} restrictions" if lifted != 1 else "1 restriction"
        are = "are" if lifted != 1 else "is"
        click.echo(f"{many} of {found} {are} lifted." if lifted else f"There was nothing to lift for {found}.")
        return
    actions.restrict(person=found, ground=ground, **here)
    click.echo(f"What is kept about {found} is not used until this is lifted.")


@command.command()
@_about
@click.argument("words")
@click.option("--text", default="name", show_default=True, help="Which text about the person.")
@click.option("--by-operator", is_flag=True, help="We found it wrong ourselves; the person did not ask.")
def correct(person: str, source: str | None, words: str, text: str, by_operator: bool) -> None:
    """Put WORDS in place of a text about PERSON; that it was corrected is stated in the record."""
    set_up()
    from yinuo.people import actions  # noqa: PLC0415 - after set_up

    found = _find(person, source)
    asked: Any = "operator" if by_operator else "person"
    actions.correct(person=found, text=text, words=words, asked=asked, **_here())
    click.echo(f"The {text} of {found} is corrected.")


@command.command()
@_about
@click.argument("purpose", required=False)
@click.option("--withdraw", is_flag=True, help="Take the consent back.")
def consent(person: str, source: str | None, purpose: str | None, withdraw: bool) -> None:
    """Note that PERSON agrees to PURPOSE, or takes that back; without a purpose, list what they agreed to."""
    set_up()
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415 - after set_up
    from yinuo.people import actions, queries  # noqa: PLC0415

    found, here = _find(person, source), _here()
    del here["realm"]
    if purpose is None:
        for given in queries.consents_of(viewer=SYSTEM, person=found):
            until = f" to {given.withdrawn:%Y-%m-%d}" if given.withdrawn else ""
            click.echo(f"{given.purpose} (version {given.version}): from {given.given:%Y-%m-%d}{until}")
    elif withdraw:
        was = actions.withdraw_consent(person=found, purpose=purpose, **here)
        click.echo(f"{found} no longer agrees to {purpose}." if was else f"{found} did not agree to {purpose}.")
    else:
        actions.give_consent(person=found, purpose=purpose, **here)
        click.echo(f"{found} agrees to {purpose}.")


def told(erased: Erased) -> list[str]:
    """What an erasure did, in sentences."""
    if erased.before is not None and not erased.kept:
        return [f"{erased.person} was erased on {erased.before:%Y-%m-%d} already; nothing is left."]
    lines = [f"{erased.person}: erased now: {', '.join(erased.gone)}."]
    if erased.before is not None:
        lines = [
            f"{erased.person}: what may go was erased on {erased.before:%Y-%m-%d} already; nothing came since, and nothing was "
            "erased now."
        ]
    for kept in erased.kept:
        grounds = "; ".join(f"{ground.article}: {ground.says}" for ground in kept.keeping.grounds)
        lines.append(
            f"Kept until {kept.until}, stored and used for nothing else: {kept.retention} data ({grounds}). "
            "It is erased by itself then, unless another order moves the day."
        )
    if erased.before is not None:
        return lines
    return [*lines, "Copies (archive, free pages of the database) are cleaned after midnight UTC; backups when they expire."]


def write_anew(output: Path, content: bytes) -> None:
    """Write a file that only its owner can read, whole, in place of what had that name; what that was is left alone."""
    if output.exists() and not output.is_file():
        raise Malformed(f"{output} is no file; name one to write to, such as package.zip.", path="output")
    temporary = output.with_name(f".{output.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(output)
        except BaseException:
            temporary.unlink()
            raise
    except OSError as error:
        raise Malformed(f"{output} cannot be written: {error.strerror}.", path="output") from None


def _find(person: str, source: str | None) -> str:
    """The surrogate that is meant."""
    from yinuo.cli._here import realm  # noqa: PLC0415 - after set_up
    from yinuo.kit.refusals import NotFound  # noqa: PLC0415
    from yinuo.people.rules import check_person  # noqa: PLC0415
    from yinuo.vault.queries import surrogate_of  # noqa: PLC0415

    found: str | None = person
    if source:
        for kind in ("buyer", "merchant"):
            if found := surrogate_of(kind=kind, source=source, source_id=person, key=realm().key):
                break
    if found is None:
        raise NotFound(f"{source} never told of a person {person!r}, or they were erased: then nothing finds them any more.")
    check_person(found)
    return found


def _here() -> dict[str, Any]:
    from yinuo.cli._here import now, realm  # noqa: PLC0415 - after set_up
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415

    return {"actor": SYSTEM, "realm": realm(), "at": now()}


def _law() -> dict[str, Any]:
    from django.conf import settings  # noqa: PLC0415 - after set_up

    from yinuo.cli._here import jurisdiction  # noqa: PLC0415

    return {"jurisdiction": jurisdiction(), "domains": settings.DOMAINS}
