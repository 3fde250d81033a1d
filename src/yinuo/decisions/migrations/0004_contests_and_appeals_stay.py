"""The database itself refuses to delete or rewrite a contest or an appeal, and to have it settled by whoever had a part in it.

What was raised, by whom, when and in which words stays. A contest or an appeal begins open and ends once: a contest by a
decision of its own, or by an upheld appeal against its rejection.
"""

from django.db import migrations

_RAISED = {
    "contest": (
        "id", "merchant", "event", "aspect", '"order"', "complaint", "outcome", "matter", "claimed", "words", "opened_by",
        "opened_at", "due",
    ),
    "appeal": ("id", "decision_id", "decision_by", "words", "opened_by", "opened_at", "due"),
}
_ENDED = {
    "contest": ("state", "settled_at", "cause", "decision_id"),
    "appeal": ("state", "settled_by", "settled_at", "reply"),
}
_DECIDED = """
EXISTS (SELECT 1 FROM decisions_decision d WHERE d.id = NEW.decision_id AND d.contest = NEW.id
AND d.merchant = NEW.merchant AND d.act = 'contest_' || NEW.state)
"""
_TOOK_PART_IN_CONTEST = """
EXISTS (SELECT 1 FROM decisions_decision d JOIN decisions_contest same ON same.matter = NEW.matter
LEFT JOIN decisions_decision before ON before.id = same.decision_id AND same.id <> NEW.id
WHERE d.id = NEW.decision_id AND d.decided_by IN (same.opened_by, before.decided_by))
"""
_TOOK_PART_IN_APPEAL = """
(NEW.settled_by <> '' AND (EXISTS (SELECT 1 FROM decisions_appeal a WHERE a.decision_id = NEW.decision_id
AND a.opened_by = NEW.settled_by) OR EXISTS (SELECT 1 FROM decisions_contest mine
JOIN decisions_contest same ON same.matter = mine.matter LEFT JOIN decisions_decision d ON d.id = same.decision_id
WHERE mine.decision_id = NEW.decision_id AND NEW.settled_by IN (same.opened_by, d.decided_by))))
"""
_APPEAL_UPHELD = "EXISTS (SELECT 1 FROM decisions_appeal a WHERE a.decision_id = OLD.decision_id AND a.state = 'upheld')"
_APPEALABLE = """
EXISTS (SELECT 1 FROM decisions_decision d WHERE d.id = NEW.decision_id AND d.decided_by = NEW.decision_by
AND d.reversed_at IS NULL AND NEW.opened_at <= d.appeal_until)
"""


def _rules(table, differs):
    """(when, what is refused, why) of a table, in SQL that both databases read; `differs` is how they say "is another"."""
    def changed(columns):
        return "(" + " OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in columns) + ")"

    raised, ended = changed(_RAISED[table]), changed(_ENDED[table])
    rules = [("UPDATE", raised, f"what an {table} says stays".replace("an contest", "a contest"))]
    if table == "appeal":
        return [
            *rules,
            ("INSERT", "NEW.state <> 'open' OR NEW.settled_by <> '' OR NEW.settled_at IS NOT NULL OR NEW.reply <> '' "
             "OR NEW.late", "an appeal begins open"),
            ("INSERT", f"NOT {_APPEALABLE}", "this decision is not to be appealed, or was taken by another"),
            ("UPDATE", f"{ended} AND (OLD.state <> 'open' OR NEW.state = 'open' OR NEW.settled_at IS NULL "
             "OR (NEW.state = 'withdrawn' AND NEW.reply <> ''))", "an appeal ends once"),
            ("UPDATE", f"OLD.late {differs} NEW.late AND (OLD.late OR OLD.state <> 'open')",
             "an appeal that was late was late"),
            ("UPDATE", _TOOK_PART_IN_APPEAL, "whoever had a part in it does not answer an appeal"),
        ]
    return [
        *rules,
        ("INSERT", "NEW.state <> 'open' OR NEW.settled_at IS NOT NULL OR NEW.lapsed_at IS NOT NULL OR NEW.cause <> '' "
         "OR NEW.decision_id IS NOT NULL", "a contest begins open"),
        ("UPDATE", f"{ended} AND (NEW.state = 'open' OR NEW.settled_at IS NULL OR OLD.state IN ('upheld', 'withdrawn'))",
         "a contest ends once"),
        ("UPDATE", f"OLD.state = 'open' AND NEW.state IN ('upheld', 'rejected') "
         f"AND (NOT {_DECIDED} OR {_TOOK_PART_IN_CONTEST})",
         "a contest ends by a decision of its own, of somebody who had no part in it"),
        ("UPDATE", f"OLD.state = 'rejected' AND {ended} AND (NEW.state <> 'upheld' "
         f"OR NEW.decision_id {differs} OLD.decision_id OR NOT {_APPEAL_UPHELD})",
         "a rejected contest is upheld by an upheld appeal only"),
        ("UPDATE", f"{ended} AND (NEW.cause <> '') {differs} (NEW.state = 'upheld' AND NEW.aspect <> 'fact')",
         "an upheld contest of a cause names the one that stands"),
        ("UPDATE", f"NEW.lapsed_at {differs} OLD.lapsed_at AND (OLD.lapsed_at IS NOT NULL OR OLD.state <> 'open')",
         "a clock runs out once"),
    ]


def _install(apps, schema_editor):
    for table in _RAISED:
        if schema_editor.connection.vendor == "postgresql":
            _install_postgresql(schema_editor, table)
        else:
            _install_sqlite(schema_editor, table)


def _install_postgresql(schema_editor, table):
    checks = {"INSERT": "", "UPDATE": ""}
    for when, refused, why in _rules(table, "IS DISTINCT FROM"):
        checks[when] += f"IF {refused} THEN RAISE integrity_constraint_violation USING MESSAGE = '{why}'; END IF; "
    schema_editor.execute(
        f"CREATE FUNCTION decisions_{table}_keeps() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'INSERT' THEN {checks['INSERT']} RETURN NEW; "
        f"ELSIF TG_OP = 'UPDATE' THEN {checks['UPDATE']} RETURN NEW; END IF; "
        f"RAISE integrity_constraint_violation USING MESSAGE = 'what was raised stays: ' || TG_OP || ' is refused'; END $$",
        params=None,
    )
    for name, when in (
        ("keeps", "BEFORE INSERT OR UPDATE OR DELETE ON {} FOR EACH ROW"),
        ("no_truncate", "BEFORE TRUNCATE ON {} FOR EACH STATEMENT"),
    ):
        schema_editor.execute(
            f"CREATE TRIGGER decisions_{table}_{name} {when.format(f'decisions_{table}')} "
            f"EXECUTE FUNCTION decisions_{table}_keeps()",
            params=None,
        )


def _sqlite_triggers(table):
    """(name, when, what is refused, why)."""
    known = f"EXISTS (SELECT 1 FROM decisions_{table} WHERE id = NEW.id)"   # or INSERT OR REPLACE would delete past the others
    every = [("DELETE", "1", "what was raised stays"), ("INSERT", known, "what was raised stays"), *_rules(table, "IS NOT")]
    return [(f"decisions_{table}_keeps_{number}", *rule) for number, rule in enumerate(every)]


def _install_sqlite(schema_editor, table):
    for name, when, refused, why in _sqlite_triggers(table):
        schema_editor.execute(
            f"CREATE TRIGGER {name} BEFORE {when} ON decisions_{table} WHEN {refused} BEGIN SELECT RAISE(ABORT, '{why}'); END",
            params=None,
        )


def _remove(apps, schema_editor):
    for table in _RAISED:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP FUNCTION IF EXISTS decisions_{table}_keeps() CASCADE", params=None)
        else:
            for name, *_ in _sqlite_triggers(table):
                schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}", params=None)


class Migration(migrations.Migration):
    dependencies = [("decisions", "0003_appealed_again")]

    operations = [migrations.RunPython(_install, _remove)]
