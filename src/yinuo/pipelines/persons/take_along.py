"""What is kept about a person as a package to take along: JSON and proofs, locked for them if they wish."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from datetime import datetime

import pyrage
from django.utils.translation import gettext_noop as _

from yinuo.kit.actors import Actor
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Malformed
from yinuo.pipelines.persons.see import see
from yinuo.record import queries

ABOUT = "about-you.json"
POLICY = "yinuo.policy"


def take_along(
    *, actor: Actor, person: str, realm: Realm, at: datetime, jurisdiction: str, domains: Sequence[str],
    recipient: str | None = None,
) -> bytes:
    """A zip with everything about a person and the proof of each fact; encrypted with age for a public key, if given."""
    reader = _recipient(recipient) if recipient else None
    about = see(
        actor=actor, person=person, realm=realm, at=at, jurisdiction=jurisdiction, domains=domains, what="taken"
    )
    files = {ABOUT: json.dumps(about, indent=2, ensure_ascii=False)}
    if realm.log is not None:
        files[POLICY] = realm.log.policy.text
    for fact in about["facts"]:
        if fact["proof"]:
            files[fact["proof"]] = str(queries.tlog_proof(number=fact["number"], person=person))
    package = _zipped(files, at)
    return pyrage.encrypt(package, [reader]) if reader else package


def _zipped(files: dict[str, str], at: datetime) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, at.timetuple()[:6]), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _recipient(text: str) -> pyrage.x25519.Recipient:
    try:
        return pyrage.x25519.Recipient.from_str(text.strip())
    except pyrage.RecipientError:
        raise Malformed(_("That is no public key of age: they begin with age1."), path="recipient") from None
