"""Facts about decisions: an act for or against somebody, what became of it, contests of facts and causes, appeals.

What a person wrote (reasons, objections, replies) is kept in the vault and bound here by its digest.
"""

from __future__ import annotations

from typing import Literal

from yinuo.decisions.acts import check_stated
from yinuo.kit.facts import (
    AppealId,
    BuyerId,
    Code,
    ComplaintId,
    ContestId,
    Count,
    DecisionId,
    Digest,
    Fact,
    ListingId,
    MerchantId,
    Moment,
    OrderId,
    ReviewId,
    Text,
    fact,
)

Automated = Literal["no", "partly", "wholly"]
Aspect = Literal["fact", "dispatch", "delivery", "complaint"]
SettledCause = Literal["merchant", "carrier", "platform", "buyer", "force_majeure", "unknown"]


@fact(external=False)
class DecisionTaken(Fact, frozen=True, kw_only=True, tag="decisions.decision_taken"):
    """Somebody was decided about: the act, its listed ground, on how many facts, whether by a machine, since and until when.

    `since` is when it takes effect, which may lie before or after the moment of the decision itself.
    """

    decision: DecisionId
    act: Code
    ground: Code
    automated: Automated
    facts: Count
    since: Moment
    until: Moment | None = None
    merchant: MerchantId | None = None
    buyer: BuyerId | None = None
    review: ReviewId | None = None
    listing: ListingId | None = None
    contest: ContestId | None = None


@fact(texts={"reasons": Text(owner="buyer", retention="transaction", once=True)}, check=check_stated)
class DecisionStated(Fact, frozen=True, kw_only=True, tag="decisions.decision_stated"):
    """A shop decided about somebody, for the reasons that come with it: told, counted and appealed like one taken here."""

    decision: DecisionId
    act: Literal["warning", "goods_unlawful", "listing_removed", "review_hidden"]
    ground: Code
    automated: Automated
    merchant: MerchantId | None = None
    buyer: BuyerId | None = None
    review: ReviewId | None = None
    listing: ListingId | None = None


@fact()
class DecisionWithdrawn(Fact, frozen=True, kw_only=True, tag="decisions.decision_withdrawn"):
    """A shop takes back what it decided: all that followed is undone."""

    decision: DecisionId


@fact(external=False)
class DecisionReversed(Fact, frozen=True, kw_only=True, tag="decisions.decision_reversed"):
    """A decision does not stand: whatever followed from it is undone, from the day it took effect."""

    decision: DecisionId
    act: Code
    ground: Code
    appeal: AppealId | None = None
    merchant: MerchantId | None = None
    buyer: BuyerId | None = None
    review: ReviewId | None = None
    listing: ListingId | None = None


@fact(external=False)
class ContestOpened(Fact, frozen=True, kw_only=True, tag="decisions.contest_opened"):
    """Somebody says that a fact, or the cause that was found for it, is wrong; it is shown as disputed from now on."""

    contest: ContestId
    merchant: MerchantId
    event: Digest
    aspect: Aspect
    due: Moment
    order: OrderId | None = None
    complaint: ComplaintId | None = None


@fact(external=False)
class ContestSettled(Fact, frozen=True, kw_only=True, tag="decisions.contest_settled"):
    """A contest came to its end; where it was upheld, the fact is withdrawn or has this cause from now on."""

    contest: ContestId
    merchant: MerchantId
    aspect: Aspect
    outcome: Literal["upheld", "rejected", "withdrawn"]
    cause: SettledCause | None = None
    order: OrderId | None = None
    complaint: ComplaintId | None = None
    decision: DecisionId | None = None


@fact(external=False)
class ContestLapsed(Fact, frozen=True, kw_only=True, tag="decisions.contest_lapsed"):
    """Nobody settled a contest in time: until somebody does, what it contests costs nothing."""

    contest: ContestId
    merchant: MerchantId
    aspect: Aspect
    order: OrderId | None = None
    complaint: ComplaintId | None = None


@fact(external=False)
class AppealOpened(Fact, frozen=True, kw_only=True, tag="decisions.appeal_opened"):
    """Whoever was decided about asks that another person look at the decision again."""

    appeal: AppealId
    decision: DecisionId
    due: Moment
    merchant: MerchantId | None = None
    buyer: BuyerId | None = None


@fact(external=False)
class AppealSettled(Fact, frozen=True, kw_only=True, tag="decisions.appeal_settled"):
    """A person who had no part in the decision answered the appeal."""

    appeal: AppealId
    decision: DecisionId
    outcome: Literal["upheld", "rejected", "withdrawn"]
    merchant: MerchantId | None = None
    buyer: BuyerId | None = None
