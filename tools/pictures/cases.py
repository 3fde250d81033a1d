"""What happens on the pictured market: people who sign in, objections, decisions, appeals, refused events, a run that waits."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

WORDS = "承运商在约定的那天没有来取件，取件预约单可以证明。 The carrier did not collect on the day that was booked."
REASONS = "预约记录显示承运商错过了取件。 The bookings show that the carrier missed the collection."
SECRET = "JBSWY3DPEHPK3PXP"  # noqa: S105 - of people who exist in pictures only
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
LEAVERS = 8
"""A buyer who is erased is gone: each form of the page needs one of its own."""


@dataclass
class Scene:
    """Whom and what the pages are about, by the names that the list of pages uses."""

    known: dict[str, str] = field(default_factory=dict)
    people: dict[str, Any] = field(default_factory=dict)
    leavers: list[Any] = field(default_factory=list)


def here() -> dict[str, Any]:
    """The realm and the moment."""
    from yinuo.cli._here import now, realm  # noqa: PLC0415 - Django starts only once the folder is chosen

    return {"realm": realm(), "at": now()}


def bare() -> Scene:
    """A new installation: nothing has happened; its people can sign in."""
    scene = Scene()
    for role in ("administrator", "steward"):
        _staff(scene, role, role)
    scene.known["merchant"] = "mnobody"
    return scene


def fill() -> Scene:
    """A market that was in use for a while."""
    from yinuo.credit.models import BuyerLevel, ListingRate, Standing  # noqa: PLC0415

    scene = Scene()
    for role in ("administrator", "steward", "auditor", "data_protection", "finance", "authority"):
        _staff(scene, role, role)
    _staff(scene, "colleague", "steward")
    standings = Standing.objects.filter(scorecard="own-1").order_by("-outcomes")
    for band in ("excellent", "good", "expected", "new", "caution", "poor", "unlawful"):
        found = standings.filter(band=band).first()
        assert found is not None, f"Nobody stands in the band {band}: make the market anew."
        scene.known[band] = found.merchant
    scene.known["merchant"] = scene.known["caution"]
    scene.known["new"] = _spotless(standings.filter(band="new").values_list("merchant", flat=True))
    for name, key in (("owner", "merchant"), ("beginner", "new")):
        scene.people[name] = _joined(name, _invited("merchant", scene.known[key]))
    scene.people["reader"] = _joined("reader", _team(scene.known["merchant"], "merchant_reader"))
    _also(scene.people["reader"], _team(scene.known["good"], "merchant_operations"))
    scene.known["invitation"] = _team(scene.known["merchant"], "merchant_operations")
    scene.known["invitation_staff"] = _invitation_of_staff("auditor")
    buyers = list(BuyerLevel.objects.order_by("-orders", "pk").values_list("buyer", flat=True)[: LEAVERS + 2])
    scene.people["buyer"] = _joined("buyer", _invited("buyer", buyers[0]))
    scene.people["restricted"] = _joined("restricted", _invited("buyer", buyers[1]))
    scene.leavers = [_joined(f"leaver-{number}", _invited("buyer", who)) for number, who in enumerate(buyers[2:])]
    scene.known["listing"] = ListingRate.objects.order_by("-orders").values_list("listing", flat=True)[0]
    scene.known["listing_unlawful"] = (
        ListingRate.objects.filter(merchant=scene.known["unlawful"]).order_by("-orders").values_list("listing", flat=True)[0]
    )
    scene.people["nobody"] = _without_roles()
    _cases(scene)
    _agree(scene.people["restricted"], buyers[1])
    _refuse(scene)
    _hold_a_run()
    follow()
    return scene


def follow() -> None:
    """Do what the worker would do."""
    from django.conf import settings  # noqa: PLC0415

    from yinuo.pipelines.react import react  # noqa: PLC0415

    react(domains=settings.DOMAINS, **here())


def session(account: Any) -> str:
    """The key of a session in which somebody has signed in, with both factors just now."""
    from importlib import import_module  # noqa: PLC0415

    from allauth.usersessions.models import UserSession  # noqa: PLC0415
    from django.conf import settings  # noqa: PLC0415
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: PLC0415

    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY] = str(account.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = account.get_session_auth_hash()
    at = time.time() + 86_400       # so that no page asks once more who it is while the pictures are taken
    ways = [{"method": "password", "at": at, "username": account.handle, "reauthenticated": True}]
    if account.handle in _WITH_APP:
        ways.append({"method": "mfa", "type": "totp", "at": at, "reauthenticated": True})
    store["account_authentication_methods"], store["account_authentication_methods_user"] = ways, str(account.pk)
    store.create()
    key: str = store.session_key
    UserSession.objects.create(user=account, ip="203.0.113.7", user_agent=AGENT, session_key=key)
    return key


_WITH_APP: set[str] = set()


def _spotless(merchants: Iterable[str]) -> str:
    """The first of these through whom nothing went wrong."""
    from yinuo.credit.models import Complaint, Delivery, Dispatch  # noqa: PLC0415

    judged = (Complaint, Delivery, Dispatch)
    return next(
        merchant for merchant in merchants
        if not any(model.objects.filter(merchant=merchant, cause="merchant").exists() for model in judged)
    )


def _staff(scene: Scene, name: str, role: str) -> None:
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes  # noqa: PLC0415
    from allauth.mfa.totp.internal.auth import TOTP  # noqa: PLC0415

    account = _joined(name, _invitation_of_staff(role))
    TOTP.activate(account, SECRET)
    RecoveryCodes.activate(account)
    _WITH_APP.add(account.handle)
    scene.people[name] = account


def _joined(name: str, token: str) -> Any:
    from django.contrib.auth.hashers import make_password  # noqa: PLC0415

    from yinuo.people import actions  # noqa: PLC0415

    handle = f"{name}.pictured"
    password = make_password(secrets.token_urlsafe())      # nobody signs in with one
    return actions.join(token=token, handle=handle, password=password, language="", at=here()["at"])


def _also(account: Any, token: str) -> None:
    from yinuo.people import actions  # noqa: PLC0415

    actions.accept_invitation(account=account, token=token, at=here()["at"])


def _invitation_of_staff(role: str) -> str:
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.people import actions  # noqa: PLC0415

    until = here()["at"] + timedelta(days=90) if role == "authority" else None
    return actions.invite_staff(actor=SYSTEM, role=role, until=until, **here()).token


def _team(merchant: str, role: str) -> str:
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.people import actions  # noqa: PLC0415

    return actions.invite_team(actor=SYSTEM, merchant=merchant, role=role, **here()).token


def _invited(kind: Any, surrogate: str) -> str:
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.people import actions  # noqa: PLC0415
    from yinuo.vault.queries import source_ids_of  # noqa: PLC0415

    told = source_ids_of(surrogates=[surrogate], realm=here()["realm"])[surrogate]
    assert told is not None
    source, source_id = told
    return actions.invite_subject(actor=SYSTEM, source=source, kind=kind, source_id=source_id, **here()).token


def _without_roles() -> Any:
    """Somebody whose only role has ended."""
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.people import actions  # noqa: PLC0415
    from yinuo.people.models import Grant  # noqa: PLC0415

    account = _joined("nobody", _invitation_of_staff("finance"))
    actions.end_grant(actor=SYSTEM, grant=Grant.objects.get(account=account).pk, at=here()["at"])
    return account


def _actor(account: Any) -> Any:
    from yinuo.people.queries import actor_of  # noqa: PLC0415

    return actor_of(account, at=here()["at"])


def _cases(scene: Scene) -> None:
    """Objections open, late, upheld, rejected, and on appeal; a warning; goods found unlawful."""
    from yinuo.credit import queries as credit  # noqa: PLC0415
    from yinuo.decisions import actions, queries  # noqa: PLC0415
    from yinuo.decisions.rules import Objection  # noqa: PLC0415

    merchant = scene.known["merchant"]
    owner, steward, colleague = (_actor(scene.people[name]) for name in ("owner", "steward", "colleague"))
    at = here()["at"]
    every = credit.held_against(viewer=owner, merchant=merchant, at=at, limit=50)
    held = [each for each in every if each.aspect != "complaint"]
    complaints = [each for each in every if each.aspect == "complaint" and each.weight]
    assert len(held) >= 6, "Too little went wrong to object to: make the market larger."
    assert len(complaints) >= 2, "Too few complained: make the market larger."
    complaint, given_back = (_contest(owner, merchant, each, due=at + timedelta(days=12)) for each in complaints[:2])
    upheld, rejected, appealed, late, *_open = (
        _contest(owner, merchant, each, due=at + timedelta(days=-2 if place == 3 else 9 + place))
        for place, each in enumerate(held[:6])
    )
    settled: dict[str, Any] = {"actor": steward, **here(), "words": REASONS}
    actions.settle_contests(ids=[upheld, given_back], upheld=True, ground="evidence", cause="carrier", **settled)
    for one in (rejected, appealed):
        actions.settle_contests(ids=[one], upheld=False, ground="no_evidence", cause=None, **settled)
    decision = queries.contest(viewer=owner, contest_id=appealed).decision
    assert decision is not None
    objection = Objection(WORDS, at + timedelta(days=10))
    appeal = actions.open_appeal(actor=owner, decision_id=decision.pk, objection=objection, **here())
    first = queries.contest(viewer=owner, contest_id=rejected).decision
    assert first is not None
    warning = _warn(steward, merchant)
    answered = actions.open_appeal(actor=owner, decision_id=warning, objection=objection, **here())
    actions.settle_appeal(
        actor=colleague, appeal_id=answered.pk, upheld=False, words=REASONS + " 因此警告继续有效。", cause=None, **here()
    )
    scene.known |= {
        "contest": _open[0], "upheld": upheld, "rejected": rejected, "late": late, "decision": first.pk, "appeal": appeal.pk,
        "warning": warning, "complaint": complaint, "given_back": given_back,
    }
    follow()
    _look_around(scene, merchant)


def _look_around(scene: Scene, merchant: str) -> None:
    """A run that is recomputed, a webhook, and two case rooms: one that waits for a second person, one that is open."""
    from yinuo.credit import actions as credit  # noqa: PLC0415
    from yinuo.credit.queries import newest_run  # noqa: PLC0415
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.people import actions as people  # noqa: PLC0415
    from yinuo.people.rules import Case, RoomRequest  # noqa: PLC0415
    from yinuo.record import actions as record  # noqa: PLC0415

    at = here()["at"]
    newest = newest_run()
    assert newest is not None
    job = credit.ask_recompute(actor=_actor(scene.people["auditor"]), run_id=newest.pk, **here())
    hook, _ = record.add_webhook(
        actor=SYSTEM, url="https://shop.example/yinuo", source="", kinds=["decisions.*", "credit.standing_changed"],
        reach="public", **here(),
    )
    request = RoomRequest(
        authority="District Court of Nowhere 某某区人民法院", basis="E-Commerce Law 25", reference="(2026) 17",
        asked="The decision named below with its reasons. 请提供下列处置及其理由。", until=at + timedelta(days=20),
    )
    cases = [Case("decision", scene.known["decision"], merchant), Case("merchant", merchant, merchant)]
    steward, officer = _actor(scene.people["steward"]), _actor(scene.people["data_protection"])
    guests = [scene.people["authority"].handle]
    asked: dict[str, Any] = {"actor": steward, "request": request, "cases": cases, "guests": guests, **here()}
    room, waiting = people.ask_room(**asked), people.ask_room(**asked)
    people.approve_room(actor=officer, room_id=room.pk, digest=room.proposal.digest, **here())
    scene.known |= {
        "run": newest.pk, "job": job.pk, "webhook": str(hook.pk), "room": room.pk, "asked": waiting.pk,
    }


def _contest(owner: Any, merchant: str, held: Any, *, due: datetime) -> str:
    from yinuo.credit import actions as credit  # noqa: PLC0415
    from yinuo.decisions.rules import Objection  # noqa: PLC0415

    (made,) = credit.contest_each(
        actor=owner, merchant=merchant, outcomes={held.aspect: [held.subject]}, claimed="carrier",
        objection=Objection(WORDS, due), **here(),
    )
    return str(made.pk)


def _warn(steward: Any, merchant: str) -> str:
    from yinuo.decisions import actions  # noqa: PLC0415
    from yinuo.decisions.rules import ACTS, ADVERSE_DAYS, Statement  # noqa: PLC0415
    from yinuo.record import queries as facts  # noqa: PLC0415

    at = here()["at"]
    numbers = facts.mentions_of(subject=merchant, size=facts.size())[-2:]
    keys = tuple(content.key for content in facts.contents_by_number(numbers=numbers).values())
    until = at + timedelta(days=ADVERSE_DAYS) if ACTS["warning"].ends else None
    statement = Statement(
        act="warning", ground="terms", facts=keys, words=REASONS, automated="no", since=at, until=until, merchant=merchant
    )
    return str(actions.decide(actor=steward, statement=statement, **here()).pk)


def _agree(account: Any, buyer: str) -> None:
    """A buyer agrees to one purpose, and has their data not used."""
    from yinuo.people import actions  # noqa: PLC0415
    from yinuo.people.rules import PURPOSES  # noqa: PLC0415

    actor, at = _actor(account), here()["at"]
    actions.give_consent(actor=actor, person=buyer, purpose=next(iter(PURPOSES)), at=at)
    actions.restrict(actor=actor, person=buyer, ground="accuracy_contested", at=at)


def _refuse(scene: Scene) -> None:
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.record import actions  # noqa: PLC0415
    from yinuo.record.models import RefusedEvent  # noqa: PLC0415

    wrong: Sequence[tuple[str, dict[str, Any]]] = (
        ("trade.order_paid", {"order": "A-1001", "amount_minor": "199.00"}),
        ("trade.order_placed", {"order": "A-1002", "merchant": "seller-7", "amount_minor": 19_900, "currency": "CNY"}),
        ("trade.order_shipped", {"order": "A-1003"}),
    )
    raws = [
        json.dumps({
            "specversion": "1.0", "id": f"event-{number}", "source": "demo", "type": kind, "data": data,
            "time": datetime(2026, 5, 1, tzinfo=UTC).isoformat(),
        }).encode()
        for number, (kind, data) in enumerate(wrong)
    ]
    actions.take_events(actor=SYSTEM, source="demo", raws=raws, **here())
    scene.known["refused"] = str(RefusedEvent.objects.order_by("pk").values_list("pk", flat=True)[0])


def _hold_a_run() -> None:
    """Score as of half a year earlier: so much would move that the run waits for a steward."""
    from django.conf import settings  # noqa: PLC0415

    from yinuo.credit.queries import newest_run  # noqa: PLC0415
    from yinuo.pipelines import rescore  # noqa: PLC0415

    newest = newest_run()
    assert newest is not None
    orders = rescore.Orders(as_of=newest.as_of - 180)
    rescore.rescore(engine_name="duckdb", folder=settings.DATA, orders=orders, **here())
