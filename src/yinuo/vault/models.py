"""Tables of the vault: who a surrogate stands for, the words people wrote, fingerprints of addresses and payers."""

from __future__ import annotations

from django.db import models


class Surrogate(models.Model):
    """A source's id for a subject, and the meaningless id that stands for it everywhere else."""

    digest = models.BinaryField(primary_key=True, max_length=16)   # keyed hash of type, source and id
    surrogate = models.CharField(max_length=20, unique=True)
    source = models.CharField(max_length=64)
    source_id = models.CharField(max_length=200)


class Epoch(models.Model):
    """A nonce that changes whenever surrogates are deleted, so that no process goes on using one it remembers. One row."""

    id = models.SmallIntegerField(primary_key=True)
    nonce = models.CharField(max_length=32)

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="vault_epoch_is_one_row"),)


class Text(models.Model):
    """Words that belong to somebody: a name, a review. Kept apart from the facts, so that they can be forgotten."""

    key = models.CharField(max_length=48, primary_key=True)       # subject/name, so that the same again replaces
    entry_key = models.BinaryField(max_length=16)                 # of the event that brought them
    owner = models.CharField(max_length=20, db_index=True)
    retention = models.CharField(max_length=12)
    words = models.TextField()
    recorded = models.BigIntegerField()


class Fingerprint(models.Model):
    """A keyed hash of an address or a payer, to see that two orders share one without keeping it."""

    key = models.CharField(max_length=48, primary_key=True)       # subject/name
    digest = models.BinaryField(max_length=16, db_index=True)
