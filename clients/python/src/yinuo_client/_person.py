"""The client of a person: what they may do on the pages, their program does here."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from yinuo_client._ahead import AheadCalls
from yinuo_client._hooks import WebhookCalls
from yinuo_client._matters import (
    AccessToken,
    Account,
    Appeal,
    Complained,
    Consent,
    Contest,
    Decision,
    Erased,
    ErasurePlan,
    Held,
    Invitation,
    Level,
    MadeWhole,
    Objection,
    Opened,
    OwnStanding,
    Restriction,
    Session,
    StaffMember,
    Statement,
    Team,
)
from yinuo_client._queues import QueueCalls
from yinuo_client._reading import read
from yinuo_client._rooms import RoomCalls
from yinuo_client._runs import RunCalls
from yinuo_client._transport import in_path


class Person(AheadCalls, QueueCalls, RunCalls, RoomCalls, WebhookCalls):
    """Acts for whoever made the access token, with the roles that they have at each moment and no others.

    Reading, and what may be done twice, is tried again as `Client` does. What opens, settles or ends something is tried again
    only where the answer says that nothing was done; after `Unreachable` look whether it arrived, or do it again: a Problem
    with status 409 or 404 then says that it had.
    """

    def __init__(
        self, url: str, *, token: str, timeout_seconds: float = 90.0, retries: int = 5,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(url, bearer=token, timeout_seconds=timeout_seconds, retries=retries, sleep=sleep)

    # One's account.

    def account(self) -> Account:
        """Who this is, and the roles in force."""
        return read(Account, self._get("/account"))

    def set_language(self, language: str) -> None:
        """In which language the pages speak to the account: "en" or "zh-hans"."""
        self._call("PUT", "/account/language", {"language": language})

    def leave(self, role: int) -> None:
        """End one's own part in a team, or one's tie to a buyer."""
        self._do("DELETE", f"/account/roles/{role:d}")

    def sessions(self) -> list[Session]:
        """Where the account is signed in."""
        return [read(Session, told) for told in self._get("/account/sessions")]

    def end_session(self, session: int) -> None:
        """End one of one's own sessions."""
        self._do("DELETE", f"/account/sessions/{session:d}")

    def tokens(self) -> list[AccessToken]:
        """The access tokens in force; new ones are made on the account's page alone."""
        return [read(AccessToken, told) for told in self._get("/account/tokens")]

    def revoke_token(self, token: int) -> None:
        """Make one of one's own tokens worthless, also this one."""
        self._do("DELETE", f"/account/tokens/{token:d}")

    # A merchant's team.

    def team(self, merchant: str) -> Team:
        """Who acts for a merchant."""
        return read(Team, self._get(f"/teams/{in_path(merchant)}"))

    def invite(self, merchant: str, role: str) -> Invitation:
        """A link that lets one person into the team, once. It is not tried again by itself, lest there be two."""
        return read(Invitation, self._do("POST", f"/teams/{in_path(merchant)}/invitations", {"role": role}))

    def withdraw_invitation(self, merchant: str, invitation: int) -> None:
        """Make an open invitation worthless."""
        self._do("DELETE", f"/teams/{in_path(merchant)}/invitations/{invitation:d}")

    def end_member(self, merchant: str, member: int) -> None:
        """End what somebody may do for the merchant."""
        self._do("DELETE", f"/teams/{in_path(merchant)}/members/{member:d}")

    def staff(self) -> list[StaffMember]:
        """Who works here, for administrators and auditors."""
        return [read(StaffMember, told) for told in self._get("/staff")]

    # A merchant's standing, and objections.

    def own_standing(self, merchant: str) -> OwnStanding:
        """A merchant's standing in exact figures, for its team and for staff."""
        return read(OwnStanding, self._get(f"/credit/own/{in_path(merchant)}"))

    def held_against(self, merchant: str) -> list[Held]:
        """What costs the merchant points, newest first."""
        return [read(Held, told) for told in self._get(f"/credit/own/{in_path(merchant)}/held")]

    def credit_report(self, merchant: str) -> dict[str, Any]:
        """The credit report; written to a file as JSON, `yinuo verify` computes the score again from it."""
        told: dict[str, Any] = self._get(f"/credit/own/{in_path(merchant)}/report")
        return told

    def contest_causes(
        self, merchant: str, *, claimed: str, words: str, dispatch: Sequence[str] = (), delivery: Sequence[str] = (),
        complaint: Sequence[str] = (),
    ) -> list[Opened]:
        """Object to the cause of outcomes, all for the same reason, all or none: by Yinuo's ids, as `Held` has them."""
        wanted = {
            "claimed": claimed, "words": words, "dispatch": list(dispatch), "delivery": list(delivery),
            "complaint": list(complaint),
        }
        return [read(Opened, told) for told in self._do("POST", f"/credit/own/{in_path(merchant)}/contests", wanted)]

    def contest_fact(self, merchant: str, number: int, *, words: str) -> Opened:
        """Object to a sealed fact about the way of an order."""
        path = f"/credit/own/{in_path(merchant)}/contests/fact"
        return read(Opened, self._do("POST", path, {"number": number, "words": words}))

    def contests(self, merchant: str) -> list[Contest]:
        """A merchant's objections, newest first."""
        return [read(Contest, told) for told in self._get(f"/contests?{urlencode({'merchant': merchant})}")]

    def contest(self, contest: str) -> Objection:
        """An objection with its words and how it ended."""
        return read(Objection, self._get(f"/contests/{in_path(contest)}"))

    def withdraw_contest(self, contest: str) -> Objection:
        """Take one's own objection back."""
        return read(Objection, self._do("POST", f"/contests/{in_path(contest)}/withdraw"))

    def complaint_contested(self, contest: str) -> Complained:
        """The complaint that an objection is about, as it is told now."""
        return read(Complained, self._get(f"/contests/{in_path(contest)}/complaint"))

    def made_whole(self, contest: str) -> MadeWhole:
        """What an upheld objection gives back."""
        return read(MadeWhole, self._get(f"/contests/{in_path(contest)}/made-whole"))

    # Decisions and appeals.

    def decisions(self, *, merchant: str = "", buyer: str = "") -> list[Decision]:
        """What was decided about a merchant or a buyer, newest first."""
        about = {"merchant": merchant} if merchant else {"buyer": buyer}
        return [read(Decision, told) for told in self._get(f"/decisions?{urlencode(about)}")]

    def decision(self, decision: str) -> Statement:
        """A decision with its statement of reasons."""
        return read(Statement, self._get(f"/decisions/{in_path(decision)}"))

    def appeal(self, decision: str, *, words: str) -> Appeal:
        """Ask that another person look at a decision again."""
        return read(Appeal, self._do("POST", f"/decisions/{in_path(decision)}/appeal", {"words": words}))

    def read_appeal(self, appeal: str) -> Appeal:
        """An appeal, and its answer."""
        return read(Appeal, self._get(f"/appeals/{in_path(appeal)}"))

    def withdraw_appeal(self, appeal: str) -> Appeal:
        """Take one's own appeal back."""
        return read(Appeal, self._do("POST", f"/appeals/{in_path(appeal)}/withdraw"))

    # A buyer's own data.

    def level(self, person: str) -> Level:
        """One's level as a buyer."""
        return read(Level, self._get(f"/me/{in_path(person)}/level"))

    def my_data(self, person: str) -> dict[str, Any]:
        """All that is kept about one as a buyer, and who looked."""
        told: dict[str, Any] = self._get(f"/me/{in_path(person)}/data")
        return told

    def take_along(self, person: str, *, recipient: str = "") -> bytes:
        """The same with proofs as a zip; encrypted with age for a public key, if one is given."""
        query = f"?{urlencode({'recipient': recipient})}" if recipient else ""
        return self._bytes(f"/me/{in_path(person)}/package{query}")

    def correct_name(self, person: str, name: str) -> None:
        """Put another name in place of the one that is kept."""
        self._call("PUT", f"/me/{in_path(person)}/name", {"name": name})

    def consents(self, person: str) -> list[Consent]:
        """Every purpose that rests on consent."""
        return [read(Consent, told) for told in self._get(f"/me/{in_path(person)}/consents")]

    def give_consent(self, person: str, purpose: str) -> None:
        """Agree to a purpose in its present words."""
        self._call("PUT", f"/me/{in_path(person)}/consents/{in_path(purpose)}")

    def withdraw_consent(self, person: str, purpose: str) -> None:
        """Take a consent back."""
        self._call("DELETE", f"/me/{in_path(person)}/consents/{in_path(purpose)}")

    def restrict(self, person: str, ground: str) -> Restriction:
        """Have everything kept and not used."""
        return read(Restriction, self._call("PUT", f"/me/{in_path(person)}/restriction", {"ground": ground}))

    def lift_restriction(self, person: str) -> None:
        """Let one's data be used again."""
        self._call("DELETE", f"/me/{in_path(person)}/restriction")

    def erasure_plan(self, person: str) -> ErasurePlan:
        """What an erasure would take, and what a law keeps."""
        return read(ErasurePlan, self._get(f"/me/{in_path(person)}/erasure"))

    def erase(self, person: str, *, name: str) -> Erased:
        """Have oneself erased, for good; `name` is the sign-in name of the account, typed in full."""
        return read(Erased, self._do("POST", f"/me/{in_path(person)}/erasure", {"name": name}))
