"""Four eyes: what one person proposed takes effect only once another approved it, whole and unchanged.

The one home of it. An action that needs it proposes inside its transaction, keeps what it proposed beside its own rows, and
does it in the transaction in which somebody approves; case rooms do so, and whatever moves money will.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop as _

from yinuo.kit.actors import Actor, allow
from yinuo.kit.refusals import Conflict, NotAllowed, NotFound, Refusal
from yinuo.people.models import Proposal
from yinuo.people.rules import FOUR_EYES_LASTS


class FourEyes(Refusal):
    """What takes two people cannot be done by one: nobody approves their own proposal, or gives a role to themselves."""

    status = 403
    code = "four-eyes"


@transaction.atomic
def propose(
    *, actor: Actor, permission: str, approval: str, subject: str, digest: str, at: datetime,
    lasts: timedelta = FOUR_EYES_LASTS,
) -> Proposal:
    """Propose something that takes `approval` of another person. `digest` binds all of it, so that nothing else is approved."""
    allow(actor, permission)
    _check_human(actor)
    try:
        with transaction.atomic():
            return Proposal.objects.create(
                approval=approval, subject=subject, digest=digest, proposed_by=actor.name, proposed_at=at,
                expires=at + lasts, state="open",
            )
    except IntegrityError:
        raise Conflict(_("This was proposed already, and waits for a second person.")) from None


@transaction.atomic
def approve(*, actor: Actor, proposal: int, digest: str, at: datetime) -> Proposal:
    """Approve what somebody else proposed; refuses its proposer, and whoever was shown something other than that."""
    found = _held(proposal, at)
    allow(actor, found.approval)
    _check_other(actor, found)
    if digest != found.digest:
        raise Conflict(_("This is not what was proposed. Look at it again before you approve it."))
    return _settle(found, "approved", actor.name, at)


@transaction.atomic
def decline(*, actor: Actor, proposal: int, at: datetime) -> Proposal:
    """Say no to what somebody else proposed. Its proposer withdraws instead."""
    found = _held(proposal, at)
    allow(actor, found.approval)
    _check_other(actor, found)
    return _settle(found, "declined", actor.name, at)


@transaction.atomic
def withdraw_proposal(*, actor: Actor, proposal: int, at: datetime) -> Proposal:
    """Take back what one proposed oneself, while it waits; whoever could have approved it can only decline."""
    found = _held(proposal, at)
    if actor.name != found.proposed_by:
        raise NotAllowed(f"{actor.name} did not propose this.")
    return _settle(found, "withdrawn", actor.name, at)


@transaction.atomic
def lapse_proposal(*, proposal: int, at: datetime) -> Proposal:
    """End what nobody approved in time."""
    found = Proposal.objects.select_for_update().get(pk=proposal)
    if found.state != "open" or at < found.expires:
        raise Conflict("This proposal has not lapsed.")
    return _settle(found, "lapsed", "", at)


def _held(proposal: int, at: datetime) -> Proposal:
    """The proposal, which nobody else settles meanwhile."""
    found = Proposal.objects.select_for_update().filter(pk=proposal).first()
    if found is None:
        raise NotFound("There is no such proposal.")
    if found.state != "open":
        raise Conflict(_("This was approved, declined or withdrawn already."))
    if at >= found.expires:
        raise Conflict(_("Nobody approved this in time. It has to be proposed anew."))
    return found


def _check_human(actor: Actor) -> None:
    if not actor.is_human:
        raise NotAllowed("Two people are needed for this, and a machine is none.")


def _check_other(actor: Actor, proposal: Proposal) -> None:
    _check_human(actor)
    if actor.name == proposal.proposed_by:
        raise FourEyes(_("You proposed this yourself: a second person must look at it."))


def _settle(
    proposal: Proposal, state: Literal["approved", "declined", "withdrawn", "lapsed"], by: str, at: datetime
) -> Proposal:
    proposal.state, proposal.settled_by, proposal.settled_at = state, by, at
    proposal.save(update_fields=["state", "settled_by", "settled_at"])
    return proposal
