"""Who said that they look at a contest or an appeal; and the lists of all of them by their clocks, also the settled ones."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("decisions", "0004_contests_and_appeals_stay")]

    operations = [
        # Without a default SQLite adds the column and leaves the table, with its triggers, as it is.
        migrations.AddField("contest", "taken_by", models.CharField(max_length=80, null=True)),
        migrations.AddField("appeal", "taken_by", models.CharField(max_length=80, null=True)),
        migrations.AddIndex("contest", models.Index(fields=["-due", "id"], name="decisions_contests_by_due")),
        migrations.AddIndex("appeal", models.Index(fields=["-due", "id"], name="decisions_appeals_by_due")),
    ]
