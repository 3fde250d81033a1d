"""Mirror of the people of the marketplace, what is kept of their rights, and who signs in as what.

Only `mirror.apply` writes the mirror; rights and accounts are truth.
"""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q

from yinuo.kit.actors import HUMAN
from yinuo.people.rules import BUYER, normal_handle


class Buyer(models.Model):
    """A buyer as facts tell of them. Moments are microseconds since 1970."""

    id = models.CharField(max_length=20, primary_key=True)
    joined_at = models.BigIntegerField(null=True)
    region = models.CharField(max_length=40, null=True)


class Consent(models.Model):
    """That a person agreed to a purpose, in a version of its words; and when they took it back."""

    person = models.CharField(max_length=20, db_index=True)
    purpose = models.CharField(max_length=40)
    version = models.SmallIntegerField()
    given = models.DateTimeField()
    withdrawn = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("person", "purpose"), condition=models.Q(withdrawn=None), name="people_consent_in_force_once"
            ),
        )


class Restriction(models.Model):
    """That a person's data is kept and not used, on a ground; and when that ended."""

    person = models.CharField(max_length=20, db_index=True)
    ground = models.CharField(max_length=20)
    since = models.DateTimeField()
    lifted = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("person", "ground"), condition=models.Q(lifted=None), name="people_restriction_in_force_once"
            ),
        )


class Access(models.Model):
    """Who looked at what is kept about somebody, or was given it: when, why, by which page; in which case room, if in one."""

    person = models.CharField(max_length=20, blank=True, db_index=True)     # a buyer or merchant; empty: not known whom
    at = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=80)
    what = models.CharField(max_length=10)                        # seen, taken
    why = models.CharField(max_length=10, default="rights")       # people.rules.LOOK_REASONS
    page = models.CharField(max_length=40, blank=True)            # empty: everything that is kept, at once
    thing = models.CharField(max_length=40, blank=True)           # which decision, order or event
    room = models.ForeignKey("people.CaseRoom", on_delete=models.PROTECT, null=True, related_name="+")


class Proposal(models.Model):
    """Something one person proposed and another must approve (`people.actions.four_eyes`); the database refuses one alone."""

    approval = models.CharField(max_length=60)                    # the permission that approving it takes
    subject = models.CharField(max_length=40)                     # what it is about, by an id of the domain that asks
    digest = models.CharField(max_length=64)                      # of all that was proposed
    proposed_by = models.CharField(max_length=80)
    proposed_at = models.DateTimeField()
    expires = models.DateTimeField()
    state = models.CharField(max_length=10)                       # open, approved, declined, withdrawn, lapsed
    settled_by = models.CharField(max_length=80, blank=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("approval", "subject"), condition=Q(state="open"), name="people_proposal_open_once"
            ),
            models.CheckConstraint(
                condition=Q(proposed_by__startswith=HUMAN)
                & (
                    Q(state="open", settled_by="", settled_at__isnull=True)
                    | Q(state__in=("approved", "declined"), settled_by__startswith=HUMAN, settled_at__isnull=False)
                    & ~Q(settled_by=F("proposed_by"))
                    | Q(state="withdrawn", settled_by=F("proposed_by"), settled_at__isnull=False)
                    | Q(state="lapsed", settled_by="", settled_at__isnull=False)
                ),
                name="people_proposal_four_eyes",
            ),
        )


class CaseRoom(models.Model):
    """A room in which an authority reads the cases that its written request names. The request's words are in the vault."""

    id = models.CharField(max_length=20, primary_key=True)
    proposal = models.OneToOneField("people.Proposal", on_delete=models.PROTECT, related_name="+")
    with_persons = models.BooleanField()                          # the request names the orders' buyers, too
    until = models.DateTimeField()
    tell_from = models.DateTimeField(null=True)                   # null: those concerned are told when it opens
    opened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_how = models.CharField(max_length=10, blank=True)      # declined, withdrawn, lapsed, expired, early
    closed_by = models.CharField(max_length=80, blank=True)
    told_at = models.DateTimeField(null=True)                     # since when those concerned see it

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_how="")
                | Q(closed_at__isnull=False, opened_at__isnull=True, closed_how__in=("declined", "withdrawn", "lapsed"))
                | Q(closed_at__isnull=False, opened_at__isnull=False, closed_how__in=("expired", "early")),
                name="people_room_closes_somehow",
            ),
            models.CheckConstraint(condition=Q(opened_at__isnull=True) | Q(opened_at__lt=F("until")), name="people_room_ends"),
            models.CheckConstraint(
                condition=Q(told_at__isnull=True) | Q(opened_at__isnull=False), name="people_room_told_once_open"
            ),
        )


class CaseRoomCase(models.Model):
    """One case that a room shows, and whom it concerns; an erased person's mark is taken out."""

    room = models.ForeignKey("people.CaseRoom", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10)                        # decision, contest, order, merchant
    thing = models.CharField(max_length=20)
    merchant = models.CharField(max_length=20, null=True, db_index=True)
    buyer = models.CharField(max_length=20, null=True, db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("room", "thing"), name="people_room_case_once"),)


class CaseRoomGuest(models.Model):
    """An authority's account that may enter a room."""

    room = models.ForeignKey("people.CaseRoom", on_delete=models.CASCADE, related_name="+")
    account = models.ForeignKey("people.Account", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("room", "account"), name="people_room_guest_once"),)


class Accounts(BaseUserManager["Account"]):
    """Finds an account by any way of writing its sign-in name."""

    def get_by_natural_key(self, username: str | None) -> Account:
        """The account of that sign-in name."""
        return self.get(handle=normal_handle(username or ""))


class Account(AbstractBaseUser):
    """Somebody who signs in: a name to sign in with, and nothing else about the person."""

    last_login = None       # Django then keeps none
    handle = models.CharField(max_length=40, unique=True)         # as `normal_handle` writes it
    created = models.DateTimeField()
    disabled = models.DateTimeField(null=True)
    language = models.CharField(max_length=10, blank=True)        # empty: as the browser asks

    USERNAME_FIELD = "handle"
    REQUIRED_FIELDS = []
    objects = Accounts()

    @property
    def is_active(self) -> bool:    # type: ignore[override] # Django has it as a field
        """Whether the account may sign in."""
        return self.disabled is None


class Grant(models.Model):
    """That an account holds a staff role; and when that ended. An authority's ends by itself."""

    account = models.ForeignKey("people.Account", on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=20)
    granted_by = models.CharField(max_length=80)
    granted = models.DateTimeField()
    until = models.DateTimeField(null=True)
    ended = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("account", "role"), condition=Q(ended=None), name="people_grant_in_force_once"),
            models.CheckConstraint(condition=~Q(role="authority") | Q(until__isnull=False), name="people_authority_expires"),
        )


class Membership(models.Model):
    """That an account acts for a merchant or is a buyer; and when that ended."""

    account = models.ForeignKey("people.Account", on_delete=models.CASCADE, related_name="+")
    subject = models.CharField(max_length=20, db_index=True)
    role = models.CharField(max_length=20)
    granted_by = models.CharField(max_length=80)
    granted = models.DateTimeField()
    ended = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("account", "subject", "role"), condition=Q(ended=None), name="people_membership_in_force_once"
            ),
            models.CheckConstraint(
                condition=Q(role=BUYER, subject__startswith="b") | Q(role__startswith="merchant_", subject__startswith="m"),
                name="people_membership_role_fits",
            ),
        )


class Invitation(models.Model):
    """That whoever holds a token may have a role, once and for a week. Only the token's hash is kept."""

    digest = models.BinaryField(max_length=32, unique=True)
    role = models.CharField(max_length=20)
    subject = models.CharField(max_length=20, blank=True, db_index=True)      # empty for staff
    until = models.DateTimeField(null=True)                       # an authority's role ends then
    made_by = models.CharField(max_length=80)
    made = models.DateTimeField()
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True)
    account = models.ForeignKey("people.Account", on_delete=models.CASCADE, null=True, related_name="+")
    withdrawn = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(used__isnull=True, account__isnull=True) | Q(used__isnull=False, account__isnull=False),
                name="people_invitation_used_by_somebody",
            ),
        )


class AccessToken(models.Model):
    """That a program acts as an account, until a day. Only the token's hash is kept."""

    digest = models.BinaryField(max_length=32, unique=True)
    account = models.ForeignKey("people.Account", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    made = models.DateTimeField()
    expires = models.DateTimeField()
    second_factor = models.BooleanField()                         # made in a session that had shown one
    password = models.CharField(max_length=64)                    # keyed hash of the password's hash: it dies with the password
    used = models.DateTimeField(null=True)                        # to about five minutes
    revoked = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(expires__gt=models.F("made")), name="people_token_expires"),
        )


class SavedFilter(models.Model):
    """How somebody of the staff likes to see a queue: by their own name for it, as the address's query."""

    account = models.ForeignKey("people.Account", on_delete=models.CASCADE, related_name="+")
    queue = models.CharField(max_length=20)
    name = models.CharField(max_length=40)
    query = models.CharField(max_length=500, blank=True)
    made = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("account", "queue", "name"), name="people_filter_called_once"),
        )
