"""Tables of credit: judged outcomes (mirrors of its own facts), scorecards, runs, standings, rates and levels."""

from __future__ import annotations

from django.db import models


class Dispatch(models.Model):
    """Mirror of `DispatchJudged`: the latest judgement of an order's dispatch. `judged_at` is the outcome's business time."""

    id = models.CharField(max_length=20, primary_key=True)         # the order
    revision = models.IntegerField(null=True)
    merchant = models.CharField(max_length=20, null=True)
    buyer = models.CharField(max_length=20, null=True)
    listing = models.CharField(max_length=20, null=True)
    lane = models.CharField(max_length=124, null=True)
    outcome = models.CharField(max_length=10, null=True)
    cause = models.CharField(max_length=13, null=True)
    used_permille = models.IntegerField(null=True)
    placed_day = models.IntegerField(null=True)
    value_minor = models.BigIntegerField(null=True)
    weight = models.SmallIntegerField(null=True)
    judged_at = models.BigIntegerField(null=True)

    class Meta:
        indexes = (
            models.Index(fields=("merchant", "judged_at"), name="credit_dispatch_by_merchant"),
            models.Index(
                fields=("merchant", "judged_at"), name="credit_dispatch_at_fault", condition=models.Q(cause="merchant")
            ),
        )


class Delivery(models.Model):
    """Mirror of `DeliveryJudged`: the latest judgement of an order's delivery."""

    id = models.CharField(max_length=20, primary_key=True)         # the order
    revision = models.IntegerField(null=True)
    merchant = models.CharField(max_length=20, null=True)
    listing = models.CharField(max_length=20, null=True)
    lane = models.CharField(max_length=124, null=True)
    outcome = models.CharField(max_length=10, null=True)
    cause = models.CharField(max_length=13, null=True)
    weight = models.SmallIntegerField(null=True)
    judged_at = models.BigIntegerField(null=True)

    class Meta:
        indexes = (
            models.Index(fields=("merchant", "judged_at"), name="credit_delivery_by_merchant"),
            models.Index(
                fields=("merchant", "judged_at"), name="credit_delivery_at_fault", condition=models.Q(cause="merchant")
            ),
        )


class Complaint(models.Model):
    """Mirror of `ComplaintJudged`: the latest judgement of a closed complaint."""

    id = models.CharField(max_length=20, primary_key=True)         # the complaint
    revision = models.IntegerField(null=True)
    merchant = models.CharField(max_length=20, null=True)
    listing = models.CharField(max_length=20, null=True)
    lane = models.CharField(max_length=124, null=True)
    topic = models.CharField(max_length=20, null=True)
    cause = models.CharField(max_length=13, null=True)
    answer_hours = models.IntegerField(null=True)
    weight = models.SmallIntegerField(null=True)
    judged_at = models.BigIntegerField(null=True)

    class Meta:
        indexes = (
            models.Index(
                fields=("merchant", "judged_at"), name="credit_complaint_at_fault", condition=models.Q(cause="merchant")
            ),
        )

    @property
    def outcome(self) -> str | None:
        """What was judged: what the complaint is about."""
        return self.topic


class Scorecard(models.Model):
    """A version of the formula: announced, in force, or retired. The body never changes; a change is a new version."""

    name = models.CharField(max_length=40, primary_key=True)
    state = models.CharField(max_length=10)
    digest = models.CharField(max_length=64)
    body = models.JSONField()
    report = models.JSONField()
    added = models.DateTimeField()
    in_force_since = models.DateTimeField(null=True)
    in_force_from = models.IntegerField(null=True)                  # of an announced one: the day, once it is set

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("state",), condition=models.Q(state="in_force"), name="credit_one_scorecard_in_force"
            ),
        )


class Run(models.Model):
    """One scoring of all merchants, with everything that pins its result."""

    id = models.CharField(max_length=20, primary_key=True)
    size = models.BigIntegerField()
    as_of = models.IntegerField()                                   # day number; facts before this day count
    scorecard = models.CharField(max_length=40)
    mode = models.CharField(max_length=10)
    state = models.CharField(max_length=10)                         # published, waiting (for a steward), kept (not shown)
    reason = models.TextField(blank=True)                           # why it waits
    climate = models.CharField(max_length=64)
    standings = models.CharField(max_length=64)                     # Merkle root over all standings
    merchants = models.IntegerField()
    moved = models.IntegerField()
    completed = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=("scorecard", "as_of"), name="credit_run_by_day"),)


class RunProof(models.Model):
    """What a run's fact commits to, whole and compressed: of runs that were published or wait, never changed."""

    run = models.CharField(max_length=20, primary_key=True)
    climate = models.BinaryField()                                  # its canonical JSON
    leaves = models.BinaryField()                                   # of every standing, a line each, by merchant (rules.leaf)


class Standing(models.Model):
    """What a merchant can be trusted with now, by one scorecard. Reading it takes this one row.

    `score` 0 to 1,000, 500 is what is to be expected of anyone; null while the history is not enough. `odds_ppm` is the
    probability that the next order goes wrong through the merchant's fault, in millionths; null until calibrated here.
    """

    id = models.CharField(max_length=62, primary_key=True)          # scorecard/merchant
    scorecard = models.CharField(max_length=40)
    merchant = models.CharField(max_length=20, db_index=True)
    run = models.CharField(max_length=20)
    size = models.BigIntegerField()
    as_of = models.IntegerField()
    band = models.CharField(max_length=12)
    band_rank = models.SmallIntegerField()                          # best first, for sorting
    score = models.SmallIntegerField(null=True)
    low = models.SmallIntegerField(null=True)
    high = models.SmallIntegerField(null=True)
    odds_ppm = models.IntegerField(null=True)
    outcomes = models.IntegerField()                                # judged orders behind it, whole ones
    measured_on = models.IntegerField(null=True)                    # orders the probability was measured on
    override = models.CharField(max_length=12, blank=True)          # counterfeit, safety or licence, by a decision
    band_before = models.CharField(max_length=12, blank=True)       # of the standing before: near an edge it stays
    facts = models.IntegerField(default=0)                          # below the size, about the merchant
    reviews_received = models.IntegerField(default=0)               # below the size
    reviews_shown = models.IntegerField(default=0)
    reviews_hidden = models.IntegerField(default=0)
    facets = models.JSONField()
    reasons = models.JSONField()
    way_back = models.JSONField()

    class Meta:
        indexes = (
            models.Index(fields=("scorecard", "-score", "merchant"), name="credit_standing_by_score"),
            models.Index(fields=("scorecard", "band_rank", "-score", "merchant"), name="credit_standing_by_band"),
            models.Index(fields=("scorecard", "-outcomes", "merchant"), name="credit_standing_by_size"),
            models.Index(fields=("scorecard", "band_rank", "-outcomes", "merchant"), name="credit_standing_by_band_size"),
        )


class Outlook(models.Model):
    """A standing's evidence before it was rounded, as it weighs now and in the coming weeks: what looking ahead adds to."""

    id = models.CharField(max_length=62, primary_key=True)          # of the standing
    run = models.CharField(max_length=20)
    sums = models.BinaryField()                                     # rules.outlook.packed_sums


class Pending(models.Model):
    """An order that is still to be handed over or to arrive, as `rules.judging.Pending` tells it; gone once it is judged."""

    id = models.CharField(max_length=20, primary_key=True)          # the order
    merchant = models.CharField(max_length=20)
    aspect = models.CharField(max_length=8)                         # dispatch, delivery
    due = models.BigIntegerField()
    placed_at = models.BigIntegerField()
    ready_at = models.BigIntegerField(null=True)
    lane = models.CharField(max_length=124)
    most = models.SmallIntegerField()
    cause = models.CharField(max_length=13, null=True)

    class Meta:
        indexes = (models.Index(fields=("merchant", "due"), name="credit_pending_by_merchant"),)


class StandingPoint(models.Model):
    """A merchant's standing as of a day, for the course over time."""

    id = models.CharField(max_length=70, primary_key=True)          # scorecard/merchant/day
    scorecard = models.CharField(max_length=40)
    merchant = models.CharField(max_length=20)
    as_of = models.IntegerField()
    score = models.SmallIntegerField(null=True)
    low = models.SmallIntegerField(null=True)
    high = models.SmallIntegerField(null=True)
    band = models.CharField(max_length=12)

    class Meta:
        indexes = (
            models.Index(fields=("merchant", "scorecard", "as_of"), name="credit_point_by_merchant"),
            models.Index(fields=("scorecard", "as_of"), name="credit_point_by_day"),
        )


class ListingRate(models.Model):
    """How often a listing's orders end in a complaint through the merchant's fault."""

    listing = models.CharField(max_length=20, primary_key=True)
    merchant = models.CharField(max_length=20, db_index=True)
    orders = models.IntegerField()
    complaints = models.IntegerField()
    as_of = models.IntegerField()


class BuyerLevel(models.Model):
    """A buyer's level, from trade conduct only; seen by the buyer alone."""

    buyer = models.CharField(max_length=20, primary_key=True)
    level = models.SmallIntegerField()
    orders = models.IntegerField()
    cancelled = models.IntegerField()
    complaints_rejected = models.IntegerField()
    as_of = models.IntegerField()


class Mover(models.Model):
    """One of the merchants whom a run moved, or would move, furthest; written with the run."""

    id = models.CharField(max_length=26, primary_key=True)          # run/place
    run = models.CharField(max_length=20)
    place = models.IntegerField()                                   # from 0: who moved furthest
    merchant = models.CharField(max_length=20)
    score_before = models.SmallIntegerField(null=True)
    score = models.SmallIntegerField(null=True)
    band_before = models.CharField(max_length=12)
    band = models.CharField(max_length=12)
    causes = models.JSONField()                                     # what moved, furthest first: feature, half-life, points

    class Meta:
        indexes = (models.Index(fields=("run", "place"), name="credit_movers_of_run"),)


class Job(models.Model):
    """Long work on a run that somebody asked for on a page: done by the worker, and seen while it goes on."""

    id = models.CharField(max_length=20, primary_key=True)
    kind = models.CharField(max_length=10)                          # recompute, release
    run = models.CharField(max_length=20)
    asked_by = models.CharField(max_length=80)
    asked = models.DateTimeField()
    words = models.CharField(max_length=32, blank=True)             # keyed hash of the reasons, which the vault keeps
    began = models.DateTimeField(null=True)
    done = models.IntegerField(default=0)
    total = models.IntegerField(default=0)
    ended = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, blank=True)           # agrees, differs, released, refused, failed
    said = models.TextField(blank=True)                             # why it was refused
    found = models.JSONField(default=dict)                          # what was compared, and what differs

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("kind", "run"), condition=models.Q(ended=None), name="credit_job_once_at_a_time"),
        )
        indexes = (models.Index(fields=("run", "-asked"), name="credit_jobs_of_run"),)
