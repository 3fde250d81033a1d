"""Write docs/reference from the code: `make reference`. A test fails where the files and the code disagree."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
NOTE = "<!-- Made by `make reference`; do not edit. -->\n\n"


def pages() -> dict[str, str]:
    """Every page of the reference by file name."""
    if "YINUO_DATA" not in os.environ:
        os.environ["YINUO_DATA"] = folder = tempfile.mkdtemp(prefix="yinuo-reference-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yinuo.config.settings")
    import django  # noqa: PLC0415 - only once the folder is chosen

    django.setup()
    makers: dict[str, Callable[[], str]] = {
        "facts.md": _facts, "settings.md": _settings, "commands.md": _commands, "features.md": _features,
        "permissions.md": _permissions, "api.md": _api, "personal-data.md": _personal_data,
    }
    return {name: NOTE + make() for name, make in makers.items()}


def _facts() -> str:
    from yinuo.kit.facts import kinds  # noqa: PLC0415

    lines = [
        "# Kinds of fact",
        "",
        "What a shop can state over `POST /api/facts` and `yinuo import`, and what Yinuo states itself.",
        "The first field of each names what the fact is about. How an event looks as a whole: [Plug in](../guide/plug-in.md).",
        "",
    ]
    for kind in sorted(kinds().values(), key=lambda kind: kind.name):
        origin = "" if kind.external else " *Stated by Yinuo itself.*"
        lines += [f"## `{kind.name}`", "", f"{kind.sentence}{origin}", "", "| field | type | |", "|---|---|---|"]
        required = set(kind.cls.__struct_fields__) - _optional(kind.cls)
        for name, column in kind.columns.items():
            lines.append(f"| `{name}` | {_type(kind, name, column)} | {'' if name in required else 'optional'} |")
        lines += [f"| `{name}` | text, kept in the vault ({text.retention}) | optional |" for name, text in kind.texts.items()]
        lines += [f"| `{name}` | kept as a keyed hash only | optional |" for name in sorted(kind.fingerprints)]
        lines.append("")
    return "\n".join(lines)


def _optional(cls: type) -> set[str]:
    import msgspec  # noqa: PLC0415

    return {field.name for field in msgspec.structs.fields(cls) if not field.required}


def _type(kind: object, name: str, column: str) -> str:
    if name in kind.subjects:  # type: ignore[attr-defined]
        return f"id of {kind.subjects[name]}"  # type: ignore[attr-defined]
    if name in kind.moments:  # type: ignore[attr-defined]
        return "moment (RFC 3339)"
    values = _values(kind.cls, name)  # type: ignore[attr-defined]
    return ", ".join(f"`{value}`" for value in values) or {"int": "integer", "text": "code"}[column]


def _values(cls: type, name: str) -> tuple[str, ...]:
    """The words that a field may hold, where they are listed, in the order of the code."""
    hint = get_type_hints(cls)[name]
    choices = [hint, *get_args(hint)]
    return next((get_args(choice) for choice in choices if get_origin(choice) is Literal), ())


def _settings() -> str:
    from yinuo.config.environment import SETTINGS  # noqa: PLC0415

    lines = ["# Settings", "", "Every setting is an environment variable.", ""]
    lines += ["| variable | default | meaning |", "|---|---|---|"]
    for setting in SETTINGS:
        default = f"`{setting.default}`" if setting.default else ""
        lines.append(f"| `{setting.name}` | {default} | {setting.meaning} |")
    return "\n".join(lines) + "\n"


def _commands() -> str:
    import click  # noqa: PLC0415

    from yinuo.cli import yinuo  # noqa: PLC0415

    lines = ["# Commands", ""]

    def tell(command: click.Command, path: str, parent: click.Context | None) -> None:
        settings = {"max_content_width": 100} | command.context_settings
        name = path.rsplit(maxsplit=1)[-1]
        context = click.Context(command, info_name=name, parent=parent, terminal_width=100, **settings)
        lines.extend([f"## `{path}`", "", "```", command.get_help(context), "```", ""])
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                child = command.get_command(context, name)
                assert child is not None
                tell(child, f"{path} {name}", context)

    tell(yinuo, "yinuo", None)
    return "\n".join(lines)


def _features() -> str:
    from yinuo.credit.features import MEASURES  # noqa: PLC0415

    lines = ["# What the daybook counts", "", "| measure | a share of | meaning |", "|---|---|---|"]
    lines += [f"| `{m.name}` | {'' if m.base == m.name else f'`{m.base}`'} | {m.meaning} |" for m in MEASURES]
    return "\n".join(lines) + "\n"


def _permissions() -> str:
    from yinuo.kit.actors import permissions  # noqa: PLC0415

    lines = ["# Permissions", "", "| permission | held by |", "|---|---|"]
    lines += [f"| `{name}` | {', '.join(sorted(roles))} |" for name, roles in sorted(permissions().items())]
    return "\n".join(lines) + "\n"


def _personal_data() -> str:
    from yinuo.people.rules import PURPOSES  # noqa: PLC0415
    from yinuo.vault.rules import REGISTER  # noqa: PLC0415

    lines = [
        "# Personal data: what is kept, whose, why, how long, where",
        "",
        "Every field of a fact that tells of a person or comes with their words. How it is locked and erased: "
        "[Personal data](../guide/personal-data.md). This is what the program does and rests on, not legal advice.",
        "",
        "| fact | field | what | whose | class | where |",
        "|---|---|---|---|---|---|",
        *_personal_fields(),
        "",
        "The id at the source of every subject is sealed too: a person's under their own transaction key, all others under the "
        "realm's. Other tables (orders, reviews, complaints, levels) hold a person's surrogate only, which means nothing once "
        "the mapping is gone.",
        "",
        "An event that was refused may tell of anybody in any place. It is sealed whole by a key of its day, to be corrected "
        "by its source; it goes once it is corrected, when somebody of whom it speaks is erased, and with the day's key after "
        "`YINUO_REFUSED_DAYS` days (30 at most).",
        "",
        "## Only with consent",
        "",
        "| purpose | in which words | what depends on it |",
        "|---|---|---|",
        *[f"| `{p.code}`, version {p.version} | {p.words} | {p.depends} |" for p in PURPOSES.values()],
    ]
    for jurisdiction, keepings in REGISTER.items():
        lines += ["", f"## Kept how long: `YINUO_JURISDICTION={jurisdiction}`"]
        for keeping in keepings:
            years = " (from the end of the year)" if keeping.from_year_end else ""
            period = f"until {keeping.begins}"
            if keeping.months:
                period = f"at least {keeping.months} months after: {keeping.begins}{years}"
            lines += [
                "", f"### {keeping.retention}", "", f"{keeping.purpose} Kept {period}; then {keeping.then}.", "",
                "| ground | says | version | for | known from | last verified |", "|---|---|---|---|---|---|",
            ]
            lines += [
                f"| {g.article} ({g.jurisdiction}) | {g.says} | {g.version} | {g.applies_to} | {g.source} | {g.last_verified} |"
                for g in keeping.grounds
            ]
    return "\n".join(lines) + "\n"


def _personal_fields() -> list[str]:
    from yinuo.kit.facts import kinds  # noqa: PLC0415
    from yinuo.vault.rules import PERSONS  # noqa: PLC0415

    lines = []
    for kind in sorted(kinds().values(), key=lambda kind: kind.name):
        named = {field: subject for field, subject in kind.subjects.items() if subject in PERSONS}
        lines += [
            f"| `{kind.name}` | `{field}` | who it was | the {subject} | transaction | record, as a surrogate; vault, sealed |"
            for field, subject in named.items()
        ]
        lines += [
            f"| `{kind.name}` | `{name}` | words | the {kind.subjects[text.owner]} | {text.retention} | vault, sealed |"
            for name, text in kind.texts.items()
        ]
        lines += [
            f"| `{kind.name}` | `{name}` | a keyed hash | the buyer of the {kind.subjects[kind.about]} | transaction | vault |"
            for name in sorted(kind.fingerprints)
        ]
    return lines


def _api() -> str:
    from yinuo.config.api import api  # noqa: PLC0415

    schema = json.loads(json.dumps(api.get_openapi_schema(), default=str))
    lines = ["# API", "", "Described in full, with schemas, at `/api/docs` of a running installation.", ""]
    lines += ["| call | |", "|---|---|"]
    for path, calls in sorted(schema["paths"].items()):
        lines += [f"| `{method.upper()} {path}` | {call.get('summary', '')} |" for method, call in sorted(calls.items())]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write every page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
