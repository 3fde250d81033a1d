"""Tables of the record. What is sealed is insert-only: the database itself refuses to change it (migration 0002)."""

from __future__ import annotations

from typing import Any

from django.db import models


class RowNumber(models.BigIntegerField):  # type: ignore[type-arg] # Django takes no arguments for it when it runs
    """A 64-bit key that SQLite keeps as the row's own number; under Django's name for it, it would build an index beside."""

    def db_type(self, connection: Any) -> str:
        """The column's type."""
        return "integer" if connection.vendor == "sqlite" else "bigint"

    def rel_db_type(self, connection: Any) -> str:
        """The type of a column that refers to it."""
        return self.db_type(connection)


class Entry(models.Model):
    """One fact's place in the record: hashes only, kept for ever."""

    id = RowNumber(primary_key=True)                              # given by `write`, dense within a batch
    key = models.BinaryField(max_length=16, unique=True)          # keyed hash of source and event id
    inners = models.BinaryField(max_length=64)                    # what binds its main part, then its person's (kit.opening)


class Opening(models.Model):
    """What unlocks an entry's main part: the salt and the content. Never changed, never deleted: nobody is named in it."""

    entry = models.OneToOneField(Entry, models.DO_NOTHING, primary_key=True, related_name="+", db_constraint=False)
    about = models.CharField(max_length=20, db_index=True)        # "-" for a person: the next table names them
    salt = models.BinaryField(max_length=32)
    content = models.BinaryField()


class PersonOpening(models.Model):
    """What unlocks an entry's part about a person. Deleted when that person is forgotten; the main part stands without it."""

    entry = models.OneToOneField(Entry, models.DO_NOTHING, primary_key=True, related_name="+", db_constraint=False)
    person = models.CharField(max_length=20, db_index=True)
    salt = models.BinaryField(max_length=32)
    content = models.BinaryField()


class Pending(models.Model):
    """A batch of entries that is committed but has no numbers yet: all ids from the first to the last."""

    first = RowNumber(primary_key=True)
    last = models.BigIntegerField()
    at = models.BigIntegerField()                                 # when it was recorded, in microseconds
    subjects = models.BinaryField()                               # of each entry, whom it will be counted by (rules.Counted)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(first__lte=models.F("last")), name="record_pending_is_a_range"),
        )


class Seal(models.Model):
    """The number that an entry got, for ever, dense from 0 in the order of sealing; and what the log shows of it."""

    seq = RowNumber(primary_key=True)
    entry = models.OneToOneField(Entry, models.DO_NOTHING, related_name="+", db_constraint=False)
    leaf = models.BinaryField(max_length=65)


class Mention(models.Model):
    """The how-manieth fact about a subject a sealed fact is: a gap in anybody's numbers would show what was left out.

    Those of a person are deleted when they are forgotten, nobody else's ever.
    """

    pk = models.CompositePrimaryKey("subject", "number")
    subject = models.CharField(max_length=20)
    number = models.IntegerField()
    seq = models.BigIntegerField()


class Thinned(models.Model):
    """How many times people were forgotten of whom facts in a segment of the archive told: it has to be written anew."""

    segment = RowNumber(primary_key=True)
    times = models.IntegerField()


class Tile(models.Model):
    """256 hashes of the Merkle tree in a row, or as many as there are yet (C2SP tlog-tiles). Only ever grows."""

    id = RowNumber(primary_key=True)                              # level x 2^48 + number
    hashes = models.BinaryField(max_length=8192)


class Checkpoint(models.Model):
    """A signed head of the tree, as it was published. A pinned one is kept because something refers to it."""

    size = RowNumber(primary_key=True)
    at = models.DateTimeField()
    note = models.TextField()
    pinned = models.BooleanField(default=False)


class Cosignature(models.Model):
    """A witness's signature of a published head. There is one of each witness for a head: the newest."""

    size = models.BigIntegerField()                               # the checkpoint's, which is pinned
    name = models.CharField(max_length=255)                       # the witness's key, by name and id
    key_id = models.BinaryField(max_length=4)
    line = models.TextField()
    at = models.DateTimeField()                                   # as the witness states it

    class Meta:
        constraints = (models.UniqueConstraint(fields=["size", "name", "key_id"], name="record_cosignature_once"),)


class TimeStamp(models.Model):
    """An authority's answer (RFC 3161) that a published head existed at a time; checked before it was kept."""

    size = models.BigIntegerField()                               # the checkpoint's, which is pinned
    authority = models.CharField(max_length=500)                  # its address
    answer = models.BinaryField()                                 # TimeStampResp, as a .tsr file holds it
    at = models.DateTimeField()                                   # as the authority states it

    class Meta:
        constraints = (models.UniqueConstraint(fields=["size", "authority"], name="record_timestamp_once"),)


class Anchor(models.Model):
    """An OpenTimestamps proof of a published head: first a calendar's promise, later the path into a block of Bitcoin."""

    size = RowNumber(primary_key=True)                            # the checkpoint's, which is pinned
    proof = models.BinaryField()                                  # as an .ots file holds it
    at = models.DateTimeField()                                   # when it was asked for
    block = models.BigIntegerField(null=True)                     # the height named by the proof; nobody here checks it


class Replacement(models.Model):
    """That an entry supersedes or withdraws another, which may itself arrive later."""

    entry = models.OneToOneField(Entry, models.DO_NOTHING, primary_key=True, related_name="+", db_constraint=False)
    target = models.BinaryField(max_length=16, db_index=True)     # the replaced entry's key


class Head(models.Model):
    """How many entries are sealed, and the root over them. One row, which never shrinks."""

    id = models.SmallIntegerField(primary_key=True)
    size = models.BigIntegerField()
    root = models.BinaryField(max_length=32)

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="record_head_is_one_row"),)


class Installation(models.Model):
    """By what the database knows the installation it belongs to: written at the first start, compared at every later one."""

    id = models.SmallIntegerField(primary_key=True)
    secret = models.BinaryField(max_length=16)                    # keyed hash of a constant, by the realm's secret
    log = models.TextField()                                      # the log's public keys, one a line

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="record_installation_is_one_row"),)


class Cursor(models.Model):
    """How far a follower has read: the number of the next fact it wants."""

    name = models.CharField(max_length=40, primary_key=True)
    position = models.BigIntegerField(default=0)


class SourceKey(models.Model):
    """A key with which one source may state facts. Only its hash is kept."""

    digest = models.BinaryField(max_length=32, primary_key=True)
    source = models.CharField(max_length=64, db_index=True)
    created = models.DateTimeField()
    expires = models.DateTimeField(null=True)
    revoked = models.DateTimeField(null=True)


class RefusedEvent(models.Model):
    """An event that was not taken in, kept as it came, to be seen, corrected and replayed."""

    source = models.CharField(max_length=64, db_index=True)
    received = models.DateTimeField()
    event_id = models.CharField(max_length=200, blank=True)
    path = models.CharField(max_length=200, blank=True)
    sentence = models.TextField()
    raw = models.BinaryField()
    replayed = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            models.Index(fields=["source", "event_id"], condition=models.Q(replayed=None), name="record_refused_waiting"),
        )


class Webhook(models.Model):
    """An address that is told of facts as they are sealed, and how far it has been told."""

    id = models.BigAutoField(primary_key=True)
    url = models.CharField(max_length=500)
    source = models.CharField(max_length=64, blank=True, db_index=True)     # whose subjects only; "" tells of everybody's
    kinds = models.JSONField()                                    # of facts, as record.rules.check_kinds gives them
    secret = models.BinaryField(null=True)                        # sealed; null only between the two halves of making it
    secret_before = models.BinaryField(null=True)                 # sealed; signs too until its end
    secret_before_ends = models.DateTimeField(null=True)
    position = models.BigIntegerField()                           # the number of the next fact to look at
    made = models.DateTimeField()
    due = models.DateTimeField()                                  # nothing is sent earlier
    failing_since = models.DateTimeField(null=True)
    paused = models.DateTimeField(null=True)
    paused_ground = models.CharField(max_length=10, blank=True)   # asked, failing, gone
    holder = models.CharField(max_length=16, blank=True)          # the sender that has it
    lease_until = models.DateTimeField(null=True)
    served = models.DateTimeField(null=True)                      # when a sender had it last

    class Meta:
        indexes = (models.Index(fields=["due"], condition=models.Q(paused=None), name="record_webhook_due"),)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(paused=None, paused_ground="")
                | models.Q(paused__isnull=False, paused_ground__in=("asked", "failing", "gone")),
                name="record_webhook_paused_on_a_ground",
            ),
        )


class Delivery(models.Model):
    """That a webhook is to be told of a fact, and what became of it. What it says is read from the record when it is sent."""

    id = models.BigAutoField(primary_key=True)
    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="+")
    number = models.BigIntegerField()                             # the fact's
    kind = models.CharField(max_length=80)
    made = models.DateTimeField()
    attempts = models.SmallIntegerField(default=0)
    tried = models.DateTimeField(null=True)
    status = models.SmallIntegerField(null=True)                  # of the last answer; null where there was none
    answer = models.TextField(blank=True)                         # how it begins, or why there was none
    delivered = models.DateTimeField(null=True)
    dead = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["webhook", "number"], name="record_delivery_once"),)
        indexes = (
            models.Index(
                fields=["webhook", "number"], condition=models.Q(delivered=None, dead=None), name="record_delivery_waiting"
            ),
            models.Index(fields=["webhook", "tried"], name="record_delivery_tried"),
        )
