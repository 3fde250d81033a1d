"""Everything that is kept about a person, as one value that a machine reads too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.db import transaction

from yinuo.kit.actors import SYSTEM, Actor, allow
from yinuo.kit.facts import kinds
from yinuo.kit.moments import from_micros
from yinuo.kit.realm import Realm
from yinuo.people import actions as people
from yinuo.people.rules import PURPOSES, plan_erasure
from yinuo.pipelines.persons.facts import last_transaction, naming, numbers_concerning, orders_of, things_of
from yinuo.pipelines.react import modules
from yinuo.record import queries
from yinuo.vault.queries import fingerprints_of, known_since, source_ids_of, texts_of
from yinuo.vault.rules import RETENTIONS, keeping_of

FORMAT = "yinuo-about-you-v1"


@transaction.atomic
def see(
    *, actor: Actor, person: str, realm: Realm, at: datetime, jurisdiction: str, domains: Sequence[str],
    what: str = "seen",
) -> dict[str, Any]:
    """Everything kept about a person: who they are, their words, facts, levels, choices, what a law keeps, who looked."""
    allow(actor, "people.see", about=person)
    people.note_look(actor=actor, person=person, what="taken" if what == "taken" else "seen", at=at)
    known_as = source_ids_of(surrogates=[person], realm=realm).get(person)
    since = known_since(surrogate=person)
    about: dict[str, Any] = {
        "format": FORMAT,
        "person": person,
        "made": at.isoformat(),
        "known_since": since and since.isoformat(),
        "known_as": {"source": known_as[0], "id": known_as[1]} if known_as else None,
        "words": texts_of(owner=person, retentions=RETENTIONS, realm=realm),
        "facts": facts_shown(person),
        "refused_events": _refused(person, known_as, realm),
        "hashes_kept": _hashes(person),
        "kept": _kept(person, jurisdiction, at),
        "purposes_by_consent": {code: purpose.words for code, purpose in PURPOSES.items()},
        "given_to": (
            "Nobody outside but authorities, in the case rooms listed here: pages show the words of reviews without a name, "
            "and facts are shown to their parties."
        ),
    }
    for domain in modules(domains, "queries"):
        if kept_about := getattr(domain, "kept_about", None):
            about |= kept_about(person=person)
    return about


def facts_shown(person: str) -> list[dict[str, Any]]:
    """The facts that concern a person, in words of the record; with their numbers where they are sealed."""
    sealed = queries.facts_numbered(numbers=numbers_concerning(person))
    waiting = [told for told in naming(person) if told.seq < 0]
    newest = queries.checkpoint()
    proven = newest[0] if newest else 0
    return [
        {
            "number": None if told.seq < 0 else told.seq,
            "proof": proof_name(told.seq) if 0 <= told.seq < proven else None,
            "at": from_micros(told.at).isoformat(),
            "recorded": from_micros(told.recorded).isoformat(),
            "stated_by": told.source,
            "fact": msgspec.to_builtins(told.fact),
        }
        for told in [*sealed, *waiting]
    ]


def _refused(person: str, known_as: tuple[str, str] | None, realm: Realm) -> list[dict[str, Any]]:
    """The events that were refused and speak of a person. Such an event may be anything and speak of others too, so that its
    text is not handed out here: whoever answers the person looks at it (`yinuo refused show`) and gives what is theirs.
    """
    if known_as is None:
        return []
    source, person_id = known_as
    wanted = queries.wanted_of(
        person=person, person_id=person_id, things=things_of(person, realm), source=source, realm=realm
    )
    found = queries.refused_about(viewer=SYSTEM, source=source, wanted=wanted, realm=realm)
    return [
        {
            "number": about.event.pk, "source": source, "received": about.event.received.isoformat(),
            "surely_about_them": about.surely,
        }
        for about in found
    ]


def proof_name(number: int) -> str:
    """Under which name a fact's proof is taken along."""
    return f"proofs/{number}.tlog-proof"


def _hashes(person: str) -> list[str]:
    """Of what keyed hashes are kept instead of the thing: order and name."""
    names = sorted({name for kind in kinds().values() for name in kind.fingerprints})
    return sorted("/".join(place) for place in fingerprints_of(names=names, subjects=orders_of(naming(person))))


def _kept(person: str, jurisdiction: str, at: datetime) -> list[dict[str, Any]]:
    """By class: what for, on which grounds, and until when a law keeps it even if erasure were asked for now."""
    today = at.astimezone(UTC).date()
    plan = plan_erasure(jurisdiction=jurisdiction, last_transaction=last_transaction(person), today=today)
    until = {kept.retention: kept.until.isoformat() for kept in plan.kept}
    return [
        {
            "class": retention, "purpose": keeping.purpose, "then": keeping.then, "kept_by_law_until": until.get(retention),
            "grounds": [f"{ground.article}: {ground.says}" for ground in keeping.grounds],
        }
        for retention in RETENTIONS
        for keeping in [keeping_of(jurisdiction=jurisdiction, retention=retention)]
    ]
