"""The database itself refuses to change the record."""

from django.db import migrations

BLOCK = 10_000      # record.rules.BATCH_MAX when this was written: no batch is larger
_REFUSE = {
    # table: operations refused; of a person's openings, deleting is forgetting, and allowed
    "record_entry": ("UPDATE", "DELETE", "TRUNCATE"),
    "record_seal": ("UPDATE", "DELETE", "TRUNCATE"),
    "record_replacement": ("UPDATE", "DELETE", "TRUNCATE"),
    "record_opening": ("UPDATE", "DELETE", "TRUNCATE"),
    "record_personopening": ("UPDATE", "TRUNCATE"),
    "record_mention": ("UPDATE", "TRUNCATE"),
    "record_tile": ("DELETE", "TRUNCATE"),
    "record_head": ("DELETE", "TRUNCATE"),
}
# What is forgotten with a person: the numbers that they gave (kit.facts.SUBJECT_PREFIXES). Nobody else's ever go.
_NUMBERED_FOR_EVER = {"record_mention": "OLD.subject NOT LIKE 'b%'"}
_KEYS = {
    # SQLite: what must not be there yet, since a client may have INSERT OR REPLACE delete past the triggers above
    "record_entry": "id = NEW.id OR key = NEW.key",
    "record_seal": "entry_id = NEW.entry_id",      # its number is checked to be the next one
    "record_replacement": "entry_id = NEW.entry_id",
    "record_opening": "entry_id = NEW.entry_id",
    "record_personopening": "entry_id = NEW.entry_id",
    "record_mention": "subject = NEW.subject AND number = NEW.number",
}
_OPENINGS = ("record_opening", "record_personopening")
_GROWS = {
    # what an update may not do
    "record_tile": "NEW.id <> OLD.id OR length(NEW.hashes) < length(OLD.hashes) "
                   "OR substr(NEW.hashes, 1, length(OLD.hashes)) <> OLD.hashes",
    "record_head": "NEW.id <> OLD.id OR NEW.size < OLD.size OR (NEW.size = OLD.size AND NEW.root <> OLD.root)",
}


def _install(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in _postgresql():
            schema_editor.execute(statement, params=None)
    else:
        for name, table, when, condition in _sqlite():
            schema_editor.execute(
                f"CREATE TRIGGER {name} BEFORE {when} ON {table} {condition} "
                f"BEGIN SELECT RAISE(ABORT, 'the record is insert-only: {name} refuses this'); END",
                params=None,
            )


def _sqlite():
    for table, operations in _REFUSE.items():
        for operation in operations:
            if operation != "TRUNCATE":         # SQLite has none
                yield f"{table}_no_{operation.lower()}", table, operation, ""
    for table, kept in _NUMBERED_FOR_EVER.items():
        yield f"{table}_no_delete", table, "DELETE", f"WHEN {kept}"
    for table, same in _KEYS.items():
        yield f"{table}_no_replace", table, "INSERT", f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"
    for table, broken in _GROWS.items():
        yield f"{table}_only_grows", table, "UPDATE", f"WHEN {broken}"
    for table in _OPENINGS:
        sealed = "SELECT 1 FROM record_seal WHERE entry_id = NEW.entry_id"
        yield f"{table}_comes_first", table, "INSERT", f"WHEN EXISTS ({sealed})"
    yield (
        "record_seal_is_dense", "record_seal", "INSERT",
        "WHEN NEW.seq <> (SELECT COALESCE(MAX(seq), -1) + 1 FROM record_seal)",
    )


def _postgresql():
    # Each batch takes one step of it, so that its ids are neighbours; SQLite has one writer and counts on.
    yield f"CREATE SEQUENCE record_entry_block MINVALUE {BLOCK} INCREMENT {BLOCK}"
    yield (
        "CREATE FUNCTION record_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION 'the record is insert-only: % on % is refused', TG_OP, TG_TABLE_NAME; END $$"
    )
    for table, operations in _REFUSE.items():
        for operation in operations:
            level = "STATEMENT" if operation == "TRUNCATE" else "ROW"
            name = f"{table}_no_{operation.lower()}"
            yield f"CREATE TRIGGER {name} BEFORE {operation} ON {table} FOR EACH {level} EXECUTE FUNCTION record_refuse()"
    for table, kept in _NUMBERED_FOR_EVER.items():
        yield (
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW WHEN ({kept}) "
            "EXECUTE FUNCTION record_refuse()"
        )
    for table, broken in _GROWS.items():
        yield (
            f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({broken}) "
            "EXECUTE FUNCTION record_refuse()"
        )
    yield _check("record_comes_first", "EXISTS (SELECT 1 FROM fresh JOIN record_seal s ON s.entry_id = fresh.entry_id)")
    for table in _OPENINGS:
        yield _after_insert(table, "record_comes_first")
    yield _check(
        "record_is_dense",
        "(SELECT COUNT(*) <> MAX(seq) + 1 - MIN(seq) OR "
        "MIN(seq) <> COALESCE((SELECT MAX(seq) + 1 FROM record_seal WHERE seq < (SELECT MIN(seq) FROM fresh)), 0) FROM fresh)",
    )
    yield _after_insert("record_seal", "record_is_dense")


def _check(name, broken):
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {broken} THEN RAISE EXCEPTION 'the record is insert-only: {name} refuses this'; END IF; RETURN NULL; END $$"
    )


def _after_insert(table, function):
    return (
        f"CREATE TRIGGER {table}_{function} AFTER INSERT ON {table} REFERENCING NEW TABLE AS fresh "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
    )


def _remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for function in ("record_refuse", "record_comes_first", "record_is_dense"):
            schema_editor.execute(f"DROP FUNCTION IF EXISTS {function} CASCADE", params=None)
        schema_editor.execute("DROP SEQUENCE IF EXISTS record_entry_block", params=None)
    else:
        for name, *_ in _sqlite():
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}", params=None)


class Migration(migrations.Migration):
    dependencies = [("record", "0001_first_form")]

    operations = [migrations.RunPython(_install, _remove)]
