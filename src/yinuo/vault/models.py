"""Tables of the vault: who a surrogate stands for, the words people wrote, fingerprints, and the keys that open them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Key(models.Model):
    """A data key, wrapped: of one person, or of the realm for things and legal persons. A destroyed one leaves a tombstone.

    Rows come only at the end and keep their length, so that SQLite never moves one: a key that was overwritten is then
    nowhere else in the file (tests/vault/test_traces.py).
    """

    id = models.BigAutoField(primary_key=True)
    holder = models.CharField(max_length=20)
    retention = models.CharField(max_length=12)
    version = models.PositiveIntegerField()
    wrapped = models.BinaryField(max_length=60, null=True)        # None: destroyed
    wrapping = models.CharField(max_length=16)                    # the wrapping key's id
    made = models.BigIntegerField()
    destroyed = models.BigIntegerField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("holder", "retention", "version"), name="vault_key_by_name"),
            models.CheckConstraint(
                condition=Q(wrapped__isnull=True, destroyed__isnull=False) | Q(wrapped__isnull=False, destroyed__isnull=True),
                name="vault_key_is_there_or_destroyed",
            ),
        )


class Surrogate(models.Model):
    """A source's id for a subject, and the meaningless id that stands for it everywhere else."""

    digest = models.BinaryField(primary_key=True, max_length=16)   # keyed hash of type, source and id
    surrogate = models.CharField(max_length=20, unique=True)
    source = models.CharField(max_length=64)
    source_id = models.BinaryField()                               # sealed: the person's transaction key, or the realm's
    mark = models.BinaryField(max_length=8)                        # binds digest, surrogate and source (vault.marks)


class Epoch(models.Model):
    """A nonce that changes whenever surrogates or keys go, so that no process goes on using one it remembers. One row."""

    id = models.SmallIntegerField(primary_key=True)
    nonce = models.CharField(max_length=32)
    keys_since = models.BigIntegerField(db_default=0)              # data keys made before are used for nothing new

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="vault_epoch_is_one_row"),)


class Text(models.Model):
    """Words that belong to somebody: a name, a review. Kept apart from the facts, so that they can be forgotten."""

    key = models.CharField(max_length=48, primary_key=True)       # subject/name, so that the same again replaces
    entry_key = models.BinaryField(max_length=16)                 # of the event that brought them
    owner = models.CharField(max_length=20, db_index=True)        # empty once erased
    retention = models.CharField(max_length=12)
    words = models.BinaryField(null=True)                         # sealed; None: erased
    recorded = models.BigIntegerField()


class Fingerprint(models.Model):
    """A keyed hash of an address or a payer, to see that two orders share one without keeping it."""

    key = models.CharField(max_length=48, primary_key=True)       # subject/name
    digest = models.BinaryField(max_length=16, db_index=True)
    entry_key = models.BinaryField(max_length=16)                 # of the event that brought it


class Erasure(models.Model):
    """An erasure that was done, as the list outside the database has it: keyed hash of the holder, classes, time."""

    digest = models.BinaryField(max_length=16)
    classes = models.CharField(max_length=40)
    at = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("digest", "classes", "at"), name="vault_erasure_once"),)
