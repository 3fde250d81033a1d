"""Proposals that take two people, case rooms for authorities, and why and where staff looked at what concerns somebody."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0003_access_tokens"),
    ]

    operations = [
        migrations.CreateModel(
            name="CaseRoom",
            fields=[
                ("id", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("with_persons", models.BooleanField()),
                ("until", models.DateTimeField()),
                ("tell_from", models.DateTimeField(null=True)),
                ("opened_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("closed_how", models.CharField(blank=True, max_length=10)),
                ("closed_by", models.CharField(blank=True, max_length=80)),
                ("told_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name="access",
            name="page",
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name="access",
            name="thing",
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name="access",
            name="why",
            field=models.CharField(default="rights", max_length=10),
        ),
        migrations.AlterField(
            model_name="access",
            name="at",
            field=models.DateTimeField(db_index=True),
        ),
        migrations.AlterField(
            model_name="access",
            name="person",
            field=models.CharField(blank=True, db_index=True, max_length=20),
        ),
        migrations.AddField(
            model_name="access",
            name="room",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.caseroom"
            ),
        ),
        migrations.CreateModel(
            name="Proposal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("approval", models.CharField(max_length=60)),
                ("subject", models.CharField(max_length=40)),
                ("digest", models.CharField(max_length=64)),
                ("proposed_by", models.CharField(max_length=80)),
                ("proposed_at", models.DateTimeField()),
                ("expires", models.DateTimeField()),
                ("state", models.CharField(max_length=10)),
                ("settled_by", models.CharField(blank=True, max_length=80)),
                ("settled_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")),
                        fields=("approval", "subject"),
                        name="people_proposal_open_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("proposed_by__startswith", "account:"),
                            models.Q(
                                models.Q(("settled_at__isnull", True), ("settled_by", ""), ("state", "open")),
                                models.Q(
                                    ("settled_at__isnull", False),
                                    ("settled_by__startswith", "account:"),
                                    ("state__in", ("approved", "declined")),
                                    models.Q(("settled_by", models.F("proposed_by")), _negated=True),
                                ),
                                models.Q(
                                    ("settled_at__isnull", False),
                                    ("settled_by", models.F("proposed_by")),
                                    ("state", "withdrawn"),
                                ),
                                models.Q(("settled_at__isnull", False), ("settled_by", ""), ("state", "lapsed")),
                                _connector="OR",
                            ),
                        ),
                        name="people_proposal_four_eyes",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="caseroom",
            name="proposal",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.proposal"
            ),
        ),
        migrations.CreateModel(
            name="CaseRoomCase",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=10)),
                ("thing", models.CharField(max_length=20)),
                ("merchant", models.CharField(db_index=True, max_length=20, null=True)),
                ("buyer", models.CharField(db_index=True, max_length=20, null=True)),
                (
                    "room",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="people.caseroom"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("room", "thing"), name="people_room_case_once")],
            },
        ),
        migrations.CreateModel(
            name="CaseRoomGuest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "room",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="people.caseroom"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("room", "account"), name="people_room_guest_once")],
            },
        ),
        migrations.AddConstraint(
            model_name="caseroom",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at__isnull", True), ("closed_how", "")),
                    models.Q(
                        ("closed_at__isnull", False),
                        ("closed_how__in", ("declined", "withdrawn", "lapsed")),
                        ("opened_at__isnull", True),
                    ),
                    models.Q(
                        ("closed_at__isnull", False),
                        ("closed_how__in", ("expired", "early")),
                        ("opened_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="people_room_closes_somehow",
            ),
        ),
        migrations.AddConstraint(
            model_name="caseroom",
            constraint=models.CheckConstraint(
                condition=models.Q(("opened_at__isnull", True), ("opened_at__lt", models.F("until")), _connector="OR"),
                name="people_room_ends",
            ),
        ),
        migrations.AddConstraint(
            model_name="caseroom",
            constraint=models.CheckConstraint(
                condition=models.Q(("told_at__isnull", True), ("opened_at__isnull", False), _connector="OR"),
                name="people_room_told_once_open",
            ),
        ),
    ]
