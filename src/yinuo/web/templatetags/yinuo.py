"""Template tags of the pages: numbers, dates and words in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django import template
from django.utils.translation import get_language, gettext

from yinuo.credit.queries import Step
from yinuo.kit.actors import HUMAN, SYSTEM, Actor, allow
from yinuo.kit.refusals import NotAllowed
from yinuo.web import formats, intake, wording
from yinuo.web.phrases import KINDS

if TYPE_CHECKING:
    from yinuo.catalogue.queries import ListingShown
    from yinuo.merchants.models import Merchant

_BROWSERS = (
    ("MicroMessenger", "WeChat"), ("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("HarmonyOS", "HarmonyOS"), ("Linux", "Linux"),
)

register = template.Library()
register.filter("number", formats.number)
register.filter("signed", formats.signed)
register.filter("percent", formats.permille_as_percent)
register.filter("whole_percent", formats.permille_as_whole_percent)
register.filter("hundredths", formats.hundredths)
register.filter("per_thousand", formats.per_thousand)
register.filter("rate", formats.rate)
register.filter("day", formats.day)
register.filter("month", formats.month)
register.filter("moment", formats.moment)
register.filter("long_date", formats.long_date)
register.filter("date_of", formats.date_of)
register.filter("last_day", formats.last_day)
register.filter("instant", formats.instant)
register.filter("price", formats.price)
register.filter("place", formats.place)
register.filter("words", wording.words)
register.filter("translated", wording.translated)
register.filter("intake_words", intake.said)


@register.filter
def language_tag(code: str) -> str:
    """A language's code as HTML writes it: zh-Hans."""
    return "-".join(part.title() if len(part) == 4 else part for part in code.split("-"))


@register.filter
def step(value: Step) -> str:
    """A count as the public sees it: none, 10 to 29, or 1,000,000 and more."""
    if value.low == 0:
        return gettext("none")
    if value.end is None:
        return gettext("%(low)s and more") % {"low": formats.number(value.low)}
    return gettext("%(low)s–%(high)s") % {"low": formats.number(value.low), "high": formats.number(value.end - 1)}


@register.simple_tag
def called(merchant: Merchant) -> str:
    """What a merchant is called: by name, or by the id that their address has."""
    return merchant.name or gettext("Merchant %(id)s") % {"id": merchant.pk}


@register.filter
def may(actor: Actor, permission: str) -> bool:
    """Whether somebody may do this everywhere: what decides is still the action."""
    try:
        allow(actor, permission)
    except NotAllowed:
        return False
    return True


@register.filter
def actor_name(account: int) -> str:
    """What the account of that number is called where it acts."""
    return f"{HUMAN}{account}"


@register.simple_tag
def given_by(name: str, names: dict[str, str]) -> str:
    """Who let somebody in: a sign-in name, the operator, or a shop by its name."""
    return gettext("the operator") if name == SYSTEM.name else names.get(name, name)


@register.filter
def browser(agent: str) -> str:
    """Which browser on which system calls itself by these words, as far as they tell."""
    program = next((shown for sign, shown in _BROWSERS if sign in agent), "")
    system = next((shown for sign, shown in _SYSTEMS if sign in agent), "")
    return " · ".join(part for part in (program, system) if part) or gettext("An unknown browser")


@register.filter
def fact_words(fact: Any) -> str:
    """What a kind of fact says, in words."""
    return str(KINDS.get(str(fact.__struct_config__.tag), fact.__struct_config__.tag))


@register.filter
def kind_words(kind: str) -> str:
    """What facts of a kind say, in words."""
    return str(KINDS.get(kind, kind))


@register.simple_tag
def listed_as(listing: ListingShown) -> str:
    """What a listing is called: by its title, or by the id that its address has."""
    return listing.title or gettext("Listing %(id)s") % {"id": listing.listing}


@register.simple_tag
def gap() -> str:
    """What stands between two sentences: Chinese needs no space."""
    return "" if (get_language() or "").startswith("zh") else " "


@register.simple_tag
def odds(ppm: int, measured_on: int | None) -> str:
    """A probability as a plain sentence, in whole orders, with the number of orders it was measured on if that is known."""
    orders = next((many for many in (1_000, 10_000, 100_000) if ppm * many >= 1_000_000), 1_000_000)
    wrong = (ppm * orders + 500_000) // 1_000_000
    figures = {"orders": formats.number(orders), "wrong": formats.number(wrong), "measured": formats.number(measured_on or 0)}
    if measured_on:
        return gettext(
            "Of %(orders)s orders about %(wrong)s go wrong through this merchant’s fault. "
            "How far that holds was measured on %(measured)s orders of the whole marketplace."
        ) % figures
    return gettext("Of %(orders)s orders about %(wrong)s go wrong through this merchant’s fault.") % figures


@register.simple_tag(takes_context=True)
def keeping(context: template.Context, **changes: str) -> str:
    """The address of this page with some of its filters changed and the place in the list forgotten."""
    filters = {**context["filters"], **changes}
    chosen = {name: value for name, value in filters.items() if value}
    return "?" + urlencode(chosen) if chosen else "?"
