"""Webhooks, and what they are to be told."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("record", "0002_insert_only"),
    ]

    operations = [
        migrations.CreateModel(
            name="Webhook",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("url", models.CharField(max_length=500)),
                ("source", models.CharField(blank=True, db_index=True, max_length=64)),
                ("kinds", models.JSONField()),
                ("secret", models.BinaryField(null=True)),
                ("secret_before", models.BinaryField(null=True)),
                ("secret_before_ends", models.DateTimeField(null=True)),
                ("position", models.BigIntegerField()),
                ("made", models.DateTimeField()),
                ("due", models.DateTimeField()),
                ("failing_since", models.DateTimeField(null=True)),
                ("paused", models.DateTimeField(null=True)),
                ("paused_ground", models.CharField(blank=True, max_length=10)),
                ("holder", models.CharField(blank=True, max_length=16)),
                ("lease_until", models.DateTimeField(null=True)),
                ("served", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("paused", None)), fields=["due"], name="record_webhook_due"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("paused", None), ("paused_ground", "")),
                            models.Q(("paused__isnull", False), ("paused_ground__in", ("asked", "failing", "gone"))),
                            _connector="OR",
                        ),
                        name="record_webhook_paused_on_a_ground",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.BigIntegerField()),
                ("kind", models.CharField(max_length=80)),
                ("made", models.DateTimeField()),
                ("attempts", models.SmallIntegerField(default=0)),
                ("tried", models.DateTimeField(null=True)),
                ("status", models.SmallIntegerField(null=True)),
                ("answer", models.TextField(blank=True)),
                ("delivered", models.DateTimeField(null=True)),
                ("dead", models.DateTimeField(null=True)),
                (
                    "webhook",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="record.webhook"),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("dead", None), ("delivered", None)), fields=["webhook", "number"],
                        name="record_delivery_waiting",
                    ),
                    models.Index(fields=["webhook", "tried"], name="record_delivery_tried"),
                ],
                "constraints": [models.UniqueConstraint(fields=("webhook", "number"), name="record_delivery_once")],
            },
        ),
    ]
