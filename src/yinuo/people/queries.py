"""Questions about people's rights."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import connection

from yinuo.kit import rows
from yinuo.kit.actors import Actor, allow
from yinuo.people.models import Access, Consent, Restriction
from yinuo.people.rules import RESTRICTION_GROUNDS, purpose_of
from yinuo.vault.queries import known_among


def consents_of(*, viewer: Actor, person: str) -> list[Consent]:
    """Every consent that a person gave, also those withdrawn, oldest first."""
    allow(viewer, "people.see")
    return list(Consent.objects.filter(person=person).order_by("given", "pk"))


def consented(*, person: str, purpose: str) -> bool:
    """Whether a person agrees to a purpose now, in the words of its present version."""
    wanted = purpose_of(purpose)
    return Consent.objects.filter(person=person, purpose=wanted.code, version=wanted.version, withdrawn=None).exists()


def restricted_among(persons: Collection[str]) -> set[str]:
    """Those of the persons whose data is kept and not used."""
    found = rows.select_in(
        connection, "SELECT person FROM people_restriction WHERE lifted IS NULL AND person {keys}", list(set(persons))
    )
    return {person for (person,) in found}


def usable_among(persons: Collection[str]) -> set[str]:
    """Those of the persons who were not erased, and whose use nothing restricts; so it stays until the transaction ends."""
    return known_among(persons) - restricted_among(persons)


def kept_about(*, person: str) -> dict[str, Any]:
    """What this domain keeps about a person, for themselves to see."""
    return {
        "consents": [
            {
                "purpose": consent.purpose, "version": consent.version, "given": consent.given.isoformat(),
                "withdrawn": consent.withdrawn and consent.withdrawn.isoformat(),
            }
            for consent in Consent.objects.filter(person=person).order_by("given", "pk")
        ],
        "restrictions": [
            {
                "ground": restriction.ground, "because": RESTRICTION_GROUNDS[restriction.ground],
                "since": restriction.since.isoformat(), "lifted": restriction.lifted and restriction.lifted.isoformat(),
            }
            for restriction in Restriction.objects.filter(person=person).order_by("since", "pk")
        ],
        "looked_at": [
            {"at": access.at.isoformat(), "by": access.actor, "what": access.what}
            for access in Access.objects.filter(person=person).order_by("at", "pk")
        ],
    }
