"""Finds every translatable text of the program, as Django and Python write them.

`python tests/web/words.py` prints the texts that the Chinese catalogue lacks, in its own form.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).parents[2] / "src" / "yinuo"
CATALOGUE = ROOT / "web" / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
Text = tuple[str | None, str]


def texts() -> set[Text]:
    """Every (context, text) in templates and Python files."""
    found: set[Text] = set()
    for file in sorted(ROOT.rglob("*.html")) + sorted(ROOT.rglob("*.py")):
        source = file.read_text()
        if file.suffix == ".html":
            source = templatize(source, origin=str(file))
        elif "gettext" not in source:
            continue
        for _, message, _, context in extract("python", BytesIO(source.encode()), keywords=KEYWORDS):
            found.add((context, message if isinstance(message, str) else message[0]))
    return found


def translated() -> dict[Text, str]:
    """Every (context, text) of the Chinese catalogue with its Chinese."""
    with CATALOGUE.open("rb") as words:
        catalogue = read_po(words)
    return {
        (message.context, message.id if isinstance(message.id, str) else message.id[0]): message.string
        if isinstance(message.string, str)
        else message.string[0]
        for message in catalogue
        if message.id and not message.fuzzy
    }


if __name__ == "__main__":
    known = translated() if CATALOGUE.exists() else {}
    for context, text in sorted(texts(), key=lambda pair: (pair[0] or "", pair[1])):
        if not known.get((context, text)):
            prefix = f'msgctxt "{context}"\n' if context else ""
            escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
            print(f'{prefix}msgid "{escaped}"\nmsgstr ""\n')  # noqa: T201 - a script for a person at a terminal
