"""`yinuo webhook`: addresses that are told of facts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from yinuo.cli import set_up

if TYPE_CHECKING:
    from yinuo.record.queries import WebhookState


@click.group()
def command() -> None:
    """Have other systems told of changes of standing, decisions, and any other facts, as Standard Webhooks say.

    Messages are sent by the worker: in order, signed, and again until they are answered by 2xx or three days have gone by.

    \b
    Examples:
      yinuo webhook add https://shop.example/yinuo --source myshop
      yinuo webhook list
      yinuo webhook replay 1 --since 2026-05-01T09:30:00+08:00
    """


@command.command()
@click.argument("url")
@click.option("--source", default="", metavar="NAME",
              help="Tell only of this shop's own subjects, by its own ids; without it of everybody's, by Yinuo's.")
@click.option("--kind", "kinds", multiple=True, metavar="KIND",
              help="A kind of fact, or all of a domain as decisions.*; several are possible.  "
                   "[default: credit.standing_changed, decisions.*]")
def add(url: str, source: str, kinds: tuple[str, ...]) -> None:
    """Tell URL of facts from now on, and print the number of the webhook and its secret, which is shown this once."""
    set_up()
    from django.conf import settings  # noqa: PLC0415 - after set_up

    from yinuo.cli._here import now, realm  # noqa: PLC0415
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.record import actions  # noqa: PLC0415
    from yinuo.record.rules.webhooks import USUAL_KINDS  # noqa: PLC0415

    webhook, secret = actions.add_webhook(
        actor=SYSTEM, url=url, source=source, kinds=kinds or USUAL_KINDS, reach=settings.YINUO["YINUO_WEBHOOK_REACH"],
        realm=realm(), at=now(),
    )
    click.echo(f"{webhook.pk}  {secret}")


@command.command(name="list")
def list_() -> None:
    """List all webhooks, and how they are."""
    set_up()
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415 - after set_up
    from yinuo.record import queries  # noqa: PLC0415

    found = queries.webhooks_of(viewer=SYSTEM)
    for state in found:
        hook = state.webhook
        click.echo(f"{hook.pk}  {hook.url}  {hook.source or 'everybody'}  {' '.join(hook.kinds)}\n   {_how(state)}")
    if not found:
        click.echo("There is no webhook.")


def _how(state: WebhookState) -> str:
    hook = state.webhook
    parts = [f"{state.waiting:,} waiting", f"{state.dead:,} dead"]
    if hook.paused:
        ground = {"asked": "as asked", "failing": "it failed for 5 days", "gone": "it answered 410"}[hook.paused_ground]
        parts.append(f"paused on {hook.paused:%Y-%m-%d %H:%M} UTC: {ground}")
    elif hook.failing_since:
        parts.append(f"failing since {hook.failing_since:%Y-%m-%d %H:%M} UTC, tried again {hook.due:%Y-%m-%d %H:%M} UTC")
    return ", ".join(parts)


@command.command()
@click.argument("webhook", type=int)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000), help="How many to show.")
def deliveries(webhook: int, limit: int) -> None:
    """Show what WEBHOOK was told and is to be told, newest first, with the last answers."""
    set_up()
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415 - after set_up
    from yinuo.record import queries  # noqa: PLC0415
    from yinuo.record.rules.webhooks import message_id  # noqa: PLC0415

    for each in queries.deliveries_of(viewer=SYSTEM, webhook=webhook, limit=limit):
        state = "delivered" if each.delivered else "dead" if each.dead else "waiting"
        said = " ".join(f"{each.status or ''} {each.answer}".split())
        click.echo(f"{message_id(each.number)}  {each.kind}  {state}, {each.attempts} tried  {said[:100]}".rstrip())


@command.command()
@click.argument("webhook", type=int)
@click.option("--hours", default=24, show_default=True, type=click.IntRange(0, 720),
              help="For how long messages are signed by the old secret too.")
def rotate(webhook: int, hours: int) -> None:
    """Give WEBHOOK a new secret and print it."""
    set_up()
    from yinuo.cli._here import now, realm  # noqa: PLC0415 - after set_up
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.record import actions  # noqa: PLC0415

    old = timedelta(hours=hours)
    click.echo(actions.rotate_webhook(actor=SYSTEM, webhook=webhook, realm=realm(), at=now(), keep_old=old))


@command.command()
@click.argument("webhook", type=int)
def pause(webhook: int) -> None:
    """Send WEBHOOK nothing until it is resumed; nothing is lost."""
    set_up()
    from yinuo.cli._here import now  # noqa: PLC0415 - after set_up
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.record import actions  # noqa: PLC0415

    actions.pause_webhook(actor=SYSTEM, webhook=webhook, at=now())
    click.echo("Paused.")


@command.command()
@click.argument("webhook", type=int)
def resume(webhook: int) -> None:
    """Let WEBHOOK go on where it stopped, at once."""
    set_up()
    from yinuo.cli._here import now  # noqa: PLC0415 - after set_up
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.record import actions  # noqa: PLC0415

    actions.resume_webhook(actor=SYSTEM, webhook=webhook, at=now())
    click.echo("Resumed.")


@command.command()
@click.argument("webhook", type=int)
@click.option("--since", metavar="MOMENT", help="From a moment on, such as 2026-05-01T09:30:00+08:00; UTC without a zone.")
@click.option("--from", "message", default="", metavar="ID", help="From a message on, such as msg_1234.")
def replay(webhook: int, since: str | None, message: str) -> None:
    """Send WEBHOOK everything again from a moment or a message on; what waits from before that is left out."""
    set_up()
    from yinuo.cli._here import now  # noqa: PLC0415 - after set_up
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.record import actions  # noqa: PLC0415
    from yinuo.record.rules.webhooks import message_id  # noqa: PLC0415

    number = actions.replay_webhook(actor=SYSTEM, webhook=webhook, since=_moment(since), message=message, at=now())
    click.echo(f"Sending again from {message_id(number)} on.")


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("it looks like 2026-05-01T09:30:00+08:00.", param_hint="--since") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@command.command()
@click.argument("webhook", type=int)
def remove(webhook: int) -> None:
    """End WEBHOOK, with all that waits for it."""
    set_up()
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415 - after set_up
    from yinuo.record import actions  # noqa: PLC0415

    actions.remove_webhook(actor=SYSTEM, webhook=webhook)
    click.echo("Removed.")


@command.command()
@click.argument("webhook", type=int)
@click.pass_context
def test(context: click.Context, webhook: int) -> None:
    """Send WEBHOOK a message of the type yinuo.test now, and print what it answers."""
    set_up()
    from yinuo.cli._here import now, realm  # noqa: PLC0415 - after set_up
    from yinuo.cli._webhooks import poster  # noqa: PLC0415
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.record import actions  # noqa: PLC0415

    visit = actions.try_webhook(actor=SYSTEM, webhook=webhook, post=poster(), realm=realm(), at=now())
    click.echo(f"{visit.whom}: {visit.told}")
    context.exit(0 if visit.good else 1)
