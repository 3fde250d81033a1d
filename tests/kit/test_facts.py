"""A fact holds integers, short codes and subject ids; anything else is refused when its class is made."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from msgspec import Meta

from yinuo.kit.facts import Code, Count, Fact, Kind, OrderId, Text, fact, kinds


def _register(**fields: object) -> type[Fact]:
    body = {"__annotations__": {"order": OrderId, **fields}, "__doc__": "Something happened.", "__module__": __name__}
    return type(Fact)("Planted", (Fact,), body, frozen=True, kw_only=True, tag="trade.planted")


@pytest.mark.parametrize(
    "shape",
    [float, int, str, bytes, bool, list[int], dict[str, int], Annotated[int, Meta(ge=0)], float | None, object],
    ids=str,
)
def test_a_float_free_text_or_an_unbounded_integer_in_a_fact_is_refused(shape):
    with pytest.raises(TypeError, match=r"Planted\.field"):
        fact()(_register(field=shape))


@pytest.mark.parametrize("shape", [Count, Code, OrderId, Literal["a", "b"], Count | None])
def test_integers_codes_and_ids_are_taken(shape):
    try:
        fact()(_register(field=shape))
    finally:
        planted = _forget()
    assert planted is not None
    assert planted.columns["field"] in {"int", "text"}


def test_a_fact_without_words_for_the_public_is_refused():
    cls = _register()
    cls.__doc__ = ""
    with pytest.raises(TypeError, match="docstring"):
        fact()(cls)


def test_a_text_belongs_to_a_subject_of_the_fact():
    with pytest.raises(TypeError, match="owner"):
        fact(texts={"words": Text(owner="buyer", retention="content")})(_register())


def test_a_kind_is_declared_once():
    known = next(iter(kinds().values()))
    with pytest.raises(TypeError, match="twice"):
        fact()(known.cls)


def test_every_kind_of_every_domain_names_its_domain():
    for kind in kinds().values():
        assert kind.cls.__module__ == f"yinuo.{kind.domain}.events"


def _forget() -> Kind | None:
    from yinuo.kit import facts  # noqa: PLC0415 - the registry itself

    return facts._kinds.pop("trade.planted", None)
