"""Begin the first epoch: from now on processes may remember surrogates."""

from django.db import migrations


def _begin(apps, schema_editor):
    draw = "hex(randomblob(16))" if schema_editor.connection.vendor == "sqlite" else "md5(gen_random_uuid()::text)"
    schema_editor.execute(f"INSERT INTO vault_epoch (id, nonce) VALUES (1, {draw})", params=None)


class Migration(migrations.Migration):
    dependencies = [("vault", "0001_first_form")]

    operations = [migrations.RunPython(_begin, migrations.RunPython.noop)]
