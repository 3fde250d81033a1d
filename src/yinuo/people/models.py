"""Mirror of the people of the marketplace, and what is kept of their rights. Only `mirror.apply` writes the mirror."""

from __future__ import annotations

from django.db import models


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
    """Who looked at everything that is kept about a person, or was given it."""

    person = models.CharField(max_length=20, db_index=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=80)
    what = models.CharField(max_length=10)                        # seen, taken
