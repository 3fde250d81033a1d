"""Accounts: who signs in, as what, and how they were let in."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    # Theirs point at the account, and would otherwise wait for this app's first migration only.
    run_before = [
        ("account", "0001_initial"),
        ("mfa", "0001_initial"),
        ("socialaccount", "0001_initial"),
        ("usersessions", "0001_initial"),
    ]
    dependencies = [
        ("people", "0001_first_form"),
    ]

    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("handle", models.CharField(max_length=40, unique=True)),
                ("created", models.DateTimeField()),
                ("disabled", models.DateTimeField(null=True)),
                ("language", models.CharField(blank=True, max_length=10)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Grant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("role", models.CharField(max_length=20)),
                ("granted_by", models.CharField(max_length=80)),
                ("granted", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                ("ended", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(blank=True, max_length=80)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended", None)),
                        fields=("account", "role"),
                        name="people_grant_in_force_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("role", "authority"), _negated=True), ("until__isnull", False), _connector="OR"
                        ),
                        name="people_authority_expires",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("role", models.CharField(max_length=20)),
                ("subject", models.CharField(blank=True, db_index=True, max_length=20)),
                ("until", models.DateTimeField(null=True)),
                ("made_by", models.CharField(max_length=80)),
                ("made", models.DateTimeField()),
                ("expires", models.DateTimeField()),
                ("used", models.DateTimeField(null=True)),
                ("withdrawn", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("account__isnull", True), ("used__isnull", True)),
                            models.Q(("account__isnull", False), ("used__isnull", False)),
                            _connector="OR",
                        ),
                        name="people_invitation_used_by_somebody",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject", models.CharField(db_index=True, max_length=20)),
                ("role", models.CharField(max_length=20)),
                ("granted_by", models.CharField(max_length=80)),
                ("granted", models.DateTimeField()),
                ("ended", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(blank=True, max_length=80)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended", None)),
                        fields=("account", "subject", "role"),
                        name="people_membership_in_force_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("role", "buyer"), ("subject__startswith", "b")),
                            models.Q(("role__startswith", "merchant_"), ("subject__startswith", "m")),
                            _connector="OR",
                        ),
                        name="people_membership_role_fits",
                    ),
                ],
            },
        ),
    ]
