"""The database itself refuses to change the record."""

from django.db import migrations

BLOCK = 10_000      # record.rules.BATCH_MAX when this was written: no batch is larger
_REFUSE = {
    # table: (refused on SQLite and PostgreSQL)
    "record_entry": ("UPDATE", "DELETE", "TRUNCATE"),
    "record_seal": ("UPDATE", "DELETE", "TRUNCATE"),
    "record_replacement": ("UPDATE", "DELETE", "TRUNCATE"),
    "record_opening": ("UPDATE", "TRUNCATE"),       # an opening may be deleted, one by one: that is forgetting
}


def _install(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    if vendor == "postgresql":
        # Each batch takes one step of it, so that its ids are neighbours; SQLite has one writer and counts on.
        schema_editor.execute(f"CREATE SEQUENCE record_entry_block MINVALUE {BLOCK} INCREMENT {BLOCK}", params=None)
        schema_editor.execute(
            "CREATE OR REPLACE FUNCTION record_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN RAISE EXCEPTION 'the record is insert-only: % on % is refused', TG_OP, TG_TABLE_NAME; END $$",
            params=None,
        )
    for table, operations in _REFUSE.items():
        for operation in operations:
            name = f"{table}_no_{operation.lower()}"
            if vendor == "postgresql":
                level = "STATEMENT" if operation == "TRUNCATE" else "ROW"
                schema_editor.execute(
                    f"CREATE TRIGGER {name} BEFORE {operation} ON {table} FOR EACH {level} EXECUTE FUNCTION record_refuse()",
                    params=None,
                )
            elif operation != "TRUNCATE":           # SQLite has none
                schema_editor.execute(
                    f"CREATE TRIGGER {name} BEFORE {operation} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, 'the record is insert-only: {operation} on {table} is refused'); END",
                    params=None,
                )
    if vendor == "sqlite":
        # INSERT OR REPLACE deletes an opening first; deleting alone is allowed, so replacing needs a guard of its own.
        schema_editor.execute(
            "CREATE TRIGGER record_opening_no_replace BEFORE INSERT ON record_opening "
            "WHEN EXISTS (SELECT 1 FROM record_opening WHERE entry_id = NEW.entry_id) "
            "BEGIN SELECT RAISE(ABORT, 'the record is insert-only: REPLACE on record_opening is refused'); END",
            params=None,
        )


def _remove(apps, schema_editor):
    for table, operations in _REFUSE.items():
        for operation in operations:
            on_table = f" ON {table}" if schema_editor.connection.vendor == "postgresql" else ""
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{operation.lower()}{on_table}", params=None)
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION IF EXISTS record_refuse", params=None)
        schema_editor.execute("DROP SEQUENCE IF EXISTS record_entry_block", params=None)
    else:
        schema_editor.execute("DROP TRIGGER IF EXISTS record_opening_no_replace", params=None)


class Migration(migrations.Migration):
    dependencies = [("record", "0001_first_form")]

    operations = [migrations.RunPython(_install, _remove)]
