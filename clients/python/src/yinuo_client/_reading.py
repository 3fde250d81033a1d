"""Reads an answer into frozen values by their types; what a newer server tells besides is left out."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date, datetime
from functools import cache
from types import NoneType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from yinuo_client._answers import moment

T = TypeVar("T")


def read(cls: type[T], told: Any) -> T:
    """The answer as a value of this class."""
    made: Any = cls
    hints = _hints(made)
    return cls(**{field.name: _read(hints[field.name], told[field.name]) for field in fields(made)})


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def _read(hint: Any, told: Any) -> Any:
    if told is None:
        return None
    options = [option for option in get_args(hint) if option is not NoneType]
    if get_origin(hint) is tuple:
        return tuple(_read(options[0], each) for each in told)
    if NoneType in get_args(hint) and len(options) == 1:
        return _read(options[0], told)
    if hint is datetime:
        return moment(told)
    if hint is date:
        return date.fromisoformat(told)
    return read(hint, told) if is_dataclass(hint) and isinstance(hint, type) else told
