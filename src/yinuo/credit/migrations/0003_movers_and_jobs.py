"""Whom each run moved furthest, and long work on runs that was asked for on a page."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("credit", "0002_looking_ahead")]

    operations = [
        migrations.CreateModel(
            name="Mover",
            fields=[
                ("id", models.CharField(max_length=26, primary_key=True, serialize=False)),
                ("run", models.CharField(max_length=20)),
                ("place", models.IntegerField()),
                ("merchant", models.CharField(max_length=20)),
                ("score_before", models.SmallIntegerField(null=True)),
                ("score", models.SmallIntegerField(null=True)),
                ("band_before", models.CharField(max_length=12)),
                ("band", models.CharField(max_length=12)),
                ("causes", models.JSONField()),
            ],
            options={"indexes": [models.Index(fields=["run", "place"], name="credit_movers_of_run")]},
        ),
        migrations.CreateModel(
            name="Job",
            fields=[
                ("id", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=10)),
                ("run", models.CharField(max_length=20)),
                ("asked_by", models.CharField(max_length=80)),
                ("asked", models.DateTimeField()),
                ("words", models.CharField(blank=True, max_length=32)),
                ("began", models.DateTimeField(null=True)),
                ("done", models.IntegerField(default=0)),
                ("total", models.IntegerField(default=0)),
                ("ended", models.DateTimeField(null=True)),
                ("outcome", models.CharField(blank=True, max_length=10)),
                ("said", models.TextField(blank=True)),
                ("found", models.JSONField(default=dict)),
            ],
            options={
                "indexes": [models.Index(fields=["run", "-asked"], name="credit_jobs_of_run")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended", None)), fields=("kind", "run"), name="credit_job_once_at_a_time"
                    )
                ],
            },
        ),
    ]
