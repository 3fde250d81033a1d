"""`yinuo account`: who may sign in, and as what."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from yinuo.cli import set_up


@click.group()
def command() -> None:
    """Invite people, see who may sign in, and lock somebody out (docs/guide/accounts.md).

    \b
    Examples:
      yinuo account invite --role administrator
      yinuo account invite --role authority --until 2027-01-31
      yinuo account invite --role merchant_owner --for seller-7 --source shop
      yinuo account disable wang.fang
    """


@command.command()
@click.option("--role", required=True, help="The role that the invitation gives.")
@click.option("--until", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="The day on which an authority's role ends.")
@click.option("--for", "subject", help="The merchant or buyer that the role is held for: an id of ours, or at the source.")
@click.option("--source", help="Take the id of --for for one at this source.")
@click.option("--site", metavar="URL", help="Under which address the site is reached.")
def invite(role: str, until: datetime | None, subject: str | None, source: str | None, site: str | None) -> None:
    """Make an invitation and print its link. It is shown this once, works once, and for a week."""
    set_up()
    from django.urls import reverse  # noqa: PLC0415 - after set_up

    from yinuo.cli._here import now, realm  # noqa: PLC0415
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.people import actions  # noqa: PLC0415
    from yinuo.people.rules import BUYER, OWNER, kind_of_role  # noqa: PLC0415

    here = {"actor": SYSTEM, "realm": realm(), "at": now()}
    kind = kind_of_role(role)
    if kind == "staff":
        end = until.replace(tzinfo=UTC) if until else None
        invited = actions.invite_staff(role=role, until=end, **here)    # type: ignore[arg-type]
    elif subject is None:
        raise click.UsageError(f"Say with --for which {kind} it is.")
    elif source is not None and role in {OWNER, BUYER}:
        invited = actions.invite_subject(source=source, kind=kind, source_id=subject, **here)   # type: ignore[arg-type]
    elif kind == "merchant" and source is None:
        invited = actions.invite_team(merchant=subject, role=role, **here)      # type: ignore[arg-type]
    else:
        raise click.UsageError("Name a team's merchant by our id, and a buyer by the id at a --source.")
    click.echo(f"{(site or _site()).rstrip('/')}{reverse('join', args=[invited.token])}")
    click.echo(f"Hand it to that person only. It works once, until {invited.expires:%Y-%m-%d %H:%M} UTC.", err=True)


@command.command("list")
def list_() -> None:
    """Print every account: its sign-in name, roles, second factor, and since when it is disabled."""
    set_up()
    from yinuo.cli._here import now  # noqa: PLC0415 - after set_up
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.people import queries  # noqa: PLC0415

    for listed in queries.accounts(viewer=SYSTEM, at=now()):
        account = listed.account
        roles = [
            *(f"{grant.role} until {grant.until:%Y-%m-%d}" if grant.until else grant.role for grant in listed.grants),
            *(f"{held.role} for {held.subject}" for held in listed.memberships),
        ]
        factor = "second factor" if listed.second_factor else "no second factor"
        disabled = f"; disabled on {account.disabled:%Y-%m-%d}" if account.disabled else ""
        click.echo(f"{account.handle}: {', '.join(roles) or 'no role'}; {factor}{disabled}")


@command.command()
@click.argument("handle")
def disable(handle: str) -> None:
    """Let HANDLE in no more, and end their sessions."""
    set_up()
    from yinuo.cli._here import now  # noqa: PLC0415 - after set_up
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.people import actions  # noqa: PLC0415

    account = actions.disable_account(actor=SYSTEM, handle=handle, at=now())
    click.echo(f"{account.handle} is disabled and signed out everywhere.")


@command.command("reset-second-factor")
@click.argument("handle")
def reset_second_factor(handle: str) -> None:
    """Forget the second factor of HANDLE, who lost it; make sure first that it is them who ask."""
    set_up()
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415 - after set_up
    from yinuo.people import actions  # noqa: PLC0415

    account = actions.reset_second_factor(actor=SYSTEM, handle=handle)
    click.echo(f"{account.handle} signs in with the password alone, and holds no staff role until a new factor is set up.")


def _site() -> str:
    """Where the site is reached, as far as the settings tell."""
    from django.conf import settings  # noqa: PLC0415 - after set_up

    hosts = [host for host in settings.ALLOWED_HOSTS if host not in {"*", "testserver"} and not host.startswith(".")]
    return "http://localhost:8000" if settings.LOOPBACK or not hosts else f"https://{hosts[0]}"
