"""What was guessed of a shop's files, written as a mapping that a person reads through."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from yinuo.kit.facts import kind_named, kinds
from yinuo.pipelines.importing.forms import TimeForm

PROMISE = "hand_over_by"
PLACED, HANDED_OVER = "trade.order_placed", "delivery.shipment_handed_over"


@dataclass(frozen=True)
class Guess:
    """One kind of fact guessed for one file, and how the file's columns of times are written."""

    file: str
    kind: str
    time: str
    fields: Mapping[str, str]
    forms: Mapping[str, TimeForm]


def event_id(kind: str, about: str) -> str:
    """The id that a shop's event should have, whether it comes from a file or live: `A-1001/placed`.

    Where two kinds share a verb the whole name stands for it, since a review and a listing may have the same id.
    """
    verbs = Counter(_verb(name) for name, known in kinds().items() if known.external)
    verb = _verb(kind)
    return f"{about}/{verb if verbs[verb] == 1 else kind.partition('.')[2]}"


def _verb(kind: str) -> str:
    return kind.partition(".")[2].partition("_")[2]


def gaps(guesses: Sequence[Guess]) -> list[str]:
    """What no column was found for although credit rests on it."""
    said = [
        f"{guess.file}: no column was found for {PROMISE}, by when the merchant promised to hand the order to the carrier. "
        "Without it nobody's dispatch is judged; the mapping says how to give it."
        for guess in guesses if guess.kind == PLACED and PROMISE not in guess.fields
    ]
    told = {guess.kind for guess in guesses}
    if PLACED in told and HANDED_OVER not in told:
        said.append("No column was found for when the carrier took the parcel; without it nobody's dispatch is judged.")
    return said


def doubts(guesses: Sequence[Guess]) -> list[str]:
    """Times that can be read in two ways, or in none."""
    every = {(guess.file, column): form for guess in guesses for column, form in guess.forms.items()}
    return [f"{file}, {column}: {form.doubt}" for (file, column), form in every.items() if form.doubt]


def head(guesses: Sequence[Guess], *, encoding: str, comma: bool, doubts: Sequence[str]) -> str:
    """What holds for the whole mapping, after what is doubtful."""
    lines = ["# Proposed by `yinuo import --propose`: read it through, decide each '?', then import with --mapping.",
             "# How to write it: docs/guide/import.md", *(f"# Look at this: {doubt}" for doubt in doubts), ""]
    if not all(form.has_zone for guess in guesses for form in guess.forms.values()):
        lines.append('time_zone = "?"        # the times have no zone; whose are they? Such as Asia/Shanghai')
    if not any("currency" in guess.fields for guess in guesses):
        lines.append('currency = "?"         # no column names it; such as CNY')
    if form := common_form(guesses):
        lines.append(f"time_format = {_quoted(form)}")
    if comma:
        lines.append("decimal_comma = true   # 1.234,50 is one thousand two hundred ...")
    if encoding != "utf-8":
        lines.append(f"encoding = {_quoted(encoding)}")
    return "\n".join([*lines, "", ""])


def common_form(guesses: Sequence[Guess]) -> str:
    """The form of all times, where all are of one form that is not ISO 8601."""
    forms = {form.form for guess in guesses for form in guess.forms.values()}
    return (forms.pop() or "") if len(forms) == 1 else ""


def facts(guess: Guess, common: str) -> str:
    """The entry of one kind of fact; a time says its form unless it is common to all."""
    about = next(iter(guess.fields.values()))
    lines = ["[[facts]]", f"file = {_quoted(guess.file)}", f"kind = {_quoted(guess.kind)}",
             f"id = {_quoted(event_id(guess.kind, f'{{{about}}}'))}", f"time = {_time(guess, guess.time, common)}",
             f"when = {_quoted(guess.time)}", "", "[facts.fields]"]
    moments = kind_named(guess.kind).moments
    lines += [
        f"{name} = {_time(guess, column, common) if name in moments else _quoted(column)}"
        for name, column in guess.fields.items()
    ]
    if guess.kind == PLACED and PROMISE not in guess.fields:
        lines += _promise(guess, common)
    return "\n".join([*lines, ""])


def _promise(guess: Guess, common: str) -> Iterator[str]:
    """How to give the promise that was not found, ready to be completed."""
    form = _form(guess, guess.time, common)
    yield f"# {PROMISE} was not found: by when the merchant promised to hand the order to the carrier. Without it nobody's"
    yield "# dispatch is judged. Name a column of times, or in how many days after the order it is promised for all:"
    yield f"# {PROMISE} = {{ column = {_quoted(guess.time)}, {form}days_later = 2 }}"


def _time(guess: Guess, column: str, common: str) -> str:
    form = _form(guess, column, common)
    return f"{{ column = {_quoted(column)}, {form.removesuffix(', ')} }}" if form else _quoted(column)


def _form(guess: Guess, column: str, common: str) -> str:
    form = guess.forms[column].form if column in guess.forms else ""
    return f"format = {_quoted(form)}, " if form and form != common else ""


def left(unplaced: Mapping[str, Sequence[str]]) -> str:
    """The columns that have no place, for a person to find one."""
    if not unplaced:
        return ""
    lines = [f"#   {name}: {', '.join(columns)}" for name, columns in unplaced.items()]
    return "\n".join(["", "# Columns without a place:", *lines, ""])


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
