"""Tables of decisions, contests and appeals: truth, never dropped. The database refuses an adverse act without its reasons."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import GreaterThanOrEqual

from yinuo.decisions.rules import ACTS, GROUNDS
from yinuo.kit.actors import HUMAN, SOURCE

_KEY_LENGTH = 32        # of one fact's key, in hex
_ADVERSE = sorted(code for code, act in ACTS.items() if act.adverse)
_ENDING = sorted(code for code, act in ACTS.items() if act.ends)


class Decision(models.Model):
    """An act for or against somebody, with its reasons. Never changed but once, when it is reversed (migration 0002)."""

    id = models.CharField(max_length=20, primary_key=True)
    act = models.CharField(max_length=20)
    ground = models.CharField(max_length=20)
    automated = models.CharField(max_length=7)
    merchant = models.CharField(max_length=20, null=True, db_index=True)
    buyer = models.CharField(max_length=20, null=True, db_index=True)
    review = models.CharField(max_length=20, null=True)
    listing = models.CharField(max_length=20, null=True)
    contest = models.CharField(max_length=20, null=True)
    facts = models.TextField()                                    # the keys of the facts relied on, in hex, with spaces between
    words = models.CharField(max_length=32)                       # keyed hash of the reasons, which the vault keeps
    decided_by = models.CharField(max_length=80)
    decided_at = models.DateTimeField()                           # when it was recorded
    since = models.DateTimeField()                                # when it takes effect
    until = models.DateTimeField(null=True)
    appeal_until = models.DateTimeField()
    reversed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(act__in=sorted(ACTS)), name="decisions_act_is_listed"),
            models.CheckConstraint(condition=Q(ground__in=sorted(GROUNDS)), name="decisions_ground_is_listed"),
            models.CheckConstraint(
                condition=~Q(act__in=_ADVERSE) | Q(GreaterThanOrEqual(Length("facts"), _KEY_LENGTH)),
                name="decisions_adverse_names_facts",
            ),
            models.CheckConstraint(
                condition=Q(GreaterThanOrEqual(Length("words"), _KEY_LENGTH)), name="decisions_has_reasons"
            ),
            models.CheckConstraint(
                condition=Q(merchant__isnull=False) | Q(buyer__isnull=False), name="decisions_is_about_somebody"
            ),
            models.CheckConstraint(
                condition=Q(automated="wholly", decided_by="system")
                | Q(automated__in=("no", "partly"), decided_by__startswith=HUMAN)
                | Q(automated__in=("no", "partly", "wholly"), decided_by__startswith=SOURCE),
                name="decisions_says_who",
            ),
            models.CheckConstraint(condition=Q(appeal_until__gt=F("decided_at")), name="decisions_can_be_appealed"),
            models.CheckConstraint(
                condition=Q(act__in=_ENDING, until__isnull=False, until__gt=F("since"))
                | (~Q(act__in=_ENDING) & Q(until__isnull=True)),
                name="decisions_says_until_when",
            ),
        )
        indexes = (
            models.Index(fields=("merchant", "-decided_at"), name="decisions_by_merchant"),
            models.Index(fields=("ground", "decided_at"), name="decisions_by_ground"),
        )


class Contest(models.Model):
    """That a fact, or the cause found for it, is said to be wrong."""

    id = models.CharField(max_length=20, primary_key=True)
    merchant = models.CharField(max_length=20)
    event = models.CharField(max_length=32)                       # the contested fact's key, in hex
    aspect = models.CharField(max_length=10)                      # fact, or of which judgement the cause
    order = models.CharField(max_length=20, null=True, db_index=True)
    complaint = models.CharField(max_length=20, null=True)
    outcome = models.CharField(max_length=20, blank=True)         # what was judged, for whose cause is contested
    matter = models.CharField(max_length=60)                      # what must not be contested twice (`Contested.matter`)
    claimed = models.CharField(max_length=13, blank=True)         # the cause that it had, as the contest says
    words = models.CharField(max_length=32)
    opened_by = models.CharField(max_length=80)
    opened_at = models.DateTimeField()
    due = models.DateTimeField()
    state = models.CharField(max_length=10)                       # open, upheld, rejected, withdrawn
    lapsed_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    cause = models.CharField(max_length=13, blank=True)           # as it was settled
    taken_by = models.CharField(max_length=80, null=True)         # who said that they look at it; binds nobody
    decision = models.OneToOneField(
        "decisions.Decision", models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("matter", "merchant"), condition=Q(state__in=("open", "upheld")), name="decisions_contest_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=("open", "withdrawn"), decision__isnull=True)
                | Q(state__in=("upheld", "rejected"), decision__isnull=False, settled_at__isnull=False),
                name="decisions_contest_ends_by_decision",
            ),
            models.CheckConstraint(
                condition=Q(GreaterThanOrEqual(Length("words"), _KEY_LENGTH)), name="decisions_contest_has_words"
            ),
        )
        indexes = (
            models.Index(fields=("due",), condition=Q(state="open"), name="decisions_contests_open"),
            models.Index(fields=("-due", "id"), name="decisions_contests_by_due"),
            models.Index(fields=("merchant", "-opened_at"), name="decisions_contest_by_merchant"),
        )

    @property
    def subject(self) -> str:
        """What it is about: the complaint, or else the order, if either."""
        return self.complaint or self.order or ""


class Appeal(models.Model):
    """That whoever was decided about asks for another person's look. One of each decision, beside those taken back."""

    id = models.CharField(max_length=20, primary_key=True)
    decision = models.ForeignKey("decisions.Decision", models.PROTECT, related_name="+")
    decision_by = models.CharField(max_length=80)                 # who took it, so that the database can refuse the same again
    words = models.CharField(max_length=32)
    opened_by = models.CharField(max_length=80)
    opened_at = models.DateTimeField()
    due = models.DateTimeField()
    state = models.CharField(max_length=10)                       # open, upheld, rejected, withdrawn
    late = models.BooleanField(default=False)                     # its clock ran out before it was answered
    settled_by = models.CharField(max_length=80, blank=True)
    settled_at = models.DateTimeField(null=True)
    reply = models.CharField(max_length=32, blank=True)
    taken_by = models.CharField(max_length=80, null=True)         # who said that they look at it; binds nobody

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(state__in=("open", "withdrawn"), settled_by="")
                | (
                    Q(state__in=("upheld", "rejected"), settled_at__isnull=False, settled_by__startswith=HUMAN)
                    & ~Q(settled_by=F("decision_by"))
                    & ~Q(settled_by=F("opened_by"))
                    & Q(GreaterThanOrEqual(Length("reply"), _KEY_LENGTH))
                ),
                name="decisions_appeal_by_another",
            ),
            models.UniqueConstraint(fields=("reply",), condition=~Q(reply=""), name="decisions_no_reply_twice"),
            models.UniqueConstraint(fields=("decision",), condition=~Q(state="withdrawn"), name="decisions_appealed_once"),
            models.CheckConstraint(
                condition=Q(state__in=("open", "upheld", "rejected", "withdrawn")), name="decisions_appeal_state_is_listed"
            ),
        )
        indexes = (
            models.Index(fields=("due",), condition=Q(state="open"), name="decisions_appeals_open"),
            models.Index(fields=("-due", "id"), name="decisions_appeals_by_due"),
        )
