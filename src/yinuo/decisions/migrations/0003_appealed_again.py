"""An appeal that was taken back may be made again, while the decision can be appealed; there is one beside those at most."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("decisions", "0002_reasons_stay")]

    operations = [
        migrations.AlterField(
            model_name="appeal",
            name="decision",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="decisions.decision"),
        ),
        migrations.AddConstraint(
            model_name="appeal",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "withdrawn"), _negated=True), fields=("decision",), name="decisions_appealed_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="appeal",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ("open", "upheld", "rejected", "withdrawn"))),
                name="decisions_appeal_state_is_listed",
            ),
        ),
    ]
