"""The database itself refuses to delete a decision, or to change one but to reverse it once and to forget whom it was about."""

from django.db import migrations

_COLUMNS = (
    "id", "act", "ground", "automated", "merchant", "review", "listing", "contest", "facts", "words", "decided_by",
    "decided_at", "since", "until", "appeal_until",
)
_WITHHELD = "-"     # record.rules.WITHHELD when this was written


def _changed(same):
    columns = " OR ".join(f"NEW.{column} {same} OLD.{column}" for column in _COLUMNS)
    reversed_twice = f"(OLD.reversed_at IS NOT NULL AND NEW.reversed_at {same} OLD.reversed_at)"
    other_person = f"(NEW.buyer {same} OLD.buyer AND NEW.buyer {same} '{_WITHHELD}')"
    return f"{columns} OR {reversed_twice} OR {other_person}"


def _install(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE FUNCTION decisions_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN RAISE EXCEPTION 'a decision stays as it was taken: % is refused', TG_OP; END $$",
            params=None,
        )
        for name, when in (
            ("decisions_stays", f"BEFORE UPDATE ON decisions_decision FOR EACH ROW WHEN ({_changed('IS DISTINCT FROM')})"),
            ("decisions_no_delete", "BEFORE DELETE ON decisions_decision FOR EACH ROW"),
            ("decisions_no_truncate", "BEFORE TRUNCATE ON decisions_decision FOR EACH STATEMENT"),
        ):
            schema_editor.execute(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION decisions_refuse()", params=None)
        return
    same = "SELECT 1 FROM decisions_decision WHERE id = NEW.id"     # or INSERT OR REPLACE would delete past the triggers
    for name, when in (
        ("decisions_stays", f"UPDATE ON decisions_decision WHEN {_changed('IS NOT')}"),
        ("decisions_no_delete", "DELETE ON decisions_decision"),
        ("decisions_no_replace", f"INSERT ON decisions_decision WHEN EXISTS ({same})"),
    ):
        schema_editor.execute(
            f"CREATE TRIGGER {name} BEFORE {when} BEGIN SELECT RAISE(ABORT, 'a decision stays as it was taken'); END",
            params=None,
        )


def _remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION IF EXISTS decisions_refuse() CASCADE", params=None)
    else:
        for name in ("decisions_stays", "decisions_no_delete", "decisions_no_replace"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}", params=None)


class Migration(migrations.Migration):
    dependencies = [("decisions", "0001_first_form")]

    operations = [migrations.RunPython(_install, _remove)]
