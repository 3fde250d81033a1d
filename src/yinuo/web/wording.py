"""The words for what the record names by short codes. An unknown code is shown as it is, never left out."""

from __future__ import annotations

import re
from functools import cache

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, override, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from yinuo.web.phrases import REFUSAL_FORMS, SUBJECTS

Words = dict[str, Promise]

BANDS: Words = {
    "excellent": pgettext_lazy("band", "Excellent"),
    "good": pgettext_lazy("band", "Good"),
    "expected": pgettext_lazy("band", "As expected"),
    "new": pgettext_lazy("band", "Just beginning"),
    "caution": pgettext_lazy("band", "Take care"),
    "poor": pgettext_lazy("band", "Poor"),
    "unlawful": pgettext_lazy("band", "Unlawful goods found"),
    "clear": pgettext_lazy("band", "Nothing found"),
    "finding": pgettext_lazy("band", "Finding upheld"),
}
COMPARED: Words = {
    "excellent": _("Far fewer orders go wrong here than was to be expected of anyone."),
    "good": _("Fewer orders go wrong here than was to be expected of anyone."),
    "expected": _("About as many orders go wrong here as was to be expected of anyone."),
    "caution": _("More orders go wrong here than was to be expected of anyone."),
    "poor": _("Far more orders go wrong here than was to be expected of anyone."),
}
FACETS: Words = {
    "dispatch": _("Dispatch"),
    "described": _("As described"),
    "service": _("Service"),
    "lawfulness": _("Lawfulness"),
}
FACET_QUESTIONS: Words = {
    "dispatch": _("Are orders handed to the carrier in time?"),
    "described": _("Do the goods match what was promised?"),
    "service": _("Are questions and complaints answered?"),
    "lawfulness": _("Was anything unlawful found on sale?"),
}
FEATURES: Words = {
    "dispatches": _("Orders judged"),
    "handling_time": _("Handling time"),
    "failures": _("Sent late or called off"),
    "cancellations": _("Orders called off"),
    "arrivals": _("Deliveries judged"),
    "late_arrivals": _("Late, damaged or lost"),
    "reviews": _("Reviews counted"),
    "low_stars": _("Low stars"),
    "complaints": _("Complaints closed"),
    "undescribed": _("Not as described"),
    "slow_answers": _("Slow answers"),
    "start": _("The scorecard’s starting point"),
    "bounds": _("Rounding and bounds"),
}
CAUSES: Words = {
    "merchant": _("The merchant"),
    "carrier": _("The carrier"),
    "platform": _("The platform"),
    "buyer": _("The buyer"),
    "force_majeure": _("Force majeure"),
    "unknown": _("Not known"),
}
OUTCOMES: Words = {
    "sent_late": _("Sent late"),
    "arrived_late": _("Arrived late"),
    "cancelled": _("Called off"),
    "damaged": _("Damaged"),
    "lost": _("Lost"),
}
HIDING_GROUNDS: Words = {
    "not_this_purchase": _("not about this purchase"),
    "advertising": _("advertising"),
    "personal_data": _("it showed personal data"),
    "insult": _("insult"),
    "unlawful": _("unlawful content"),
    "bought": _("it was bought"),
    "unknown": _("ground not recorded"),
}
OVERRIDES: Words = {
    "counterfeit": _("Counterfeit goods were found on sale here."),
    "safety": _("Unsafe goods were found on sale here."),
    "licence": _("Goods were sold here without the licence the law asks for."),
}
FOUND: Words = {
    "counterfeit": _("These goods were found to be counterfeit."),
    "safety": _("These goods were found to be unsafe."),
    "licence": _("These goods were sold without the licence the law asks for."),
}
WITHDRAWN: Words = {
    "merchant": _("The merchant took it off sale."),
    "unlawful": _("It was taken off sale because it was unlawful."),
    "terms": _("It was taken off sale because it broke a rule of this marketplace."),
    "recall": _("It was recalled."),
    "unknown": _("It is off sale; the ground is not recorded."),
}
WITHDRAWN_SHORT: Words = {
    "merchant": _("off sale"),
    "unlawful": _("off sale: unlawful"),
    "terms": _("off sale: against the rules"),
    "recall": _("recalled"),
    "unknown": _("off sale"),
}
STATED: Words = {
    "catalogue.listing_published": _("Put up for sale, with title, category and price"),
    "catalogue.listing_withdrawn": _("Taken off sale, with the ground"),
    "catalogue.listing_restored": _("Back on sale: a decision did not stand"),
}
CATEGORIES: Words = {
    "books": pgettext_lazy("category", "books"),
    "ceramics": pgettext_lazy("category", "ceramics"),
    "clothing": pgettext_lazy("category", "clothing"),
    "electronics": pgettext_lazy("category", "electronics"),
    "furniture": pgettext_lazy("category", "furniture"),
    "kitchen": pgettext_lazy("category", "kitchen"),
    "plants": pgettext_lazy("category", "plants"),
    "shoes": pgettext_lazy("category", "shoes"),
    "sports": pgettext_lazy("category", "sports"),
    "stationery": pgettext_lazy("category", "stationery"),
    "tea": pgettext_lazy("category", "tea"),
    "toys": pgettext_lazy("category", "toys"),
}
"""Those of the demo market; a shop's own codes are shown as they are."""
FORMS: Words = {"legal_person": _("Company"), "sole_trader": _("Sole trader")}
REGIONS: Words = {"east": _("East"), "north": _("North"), "south": _("South"), "west": _("West")}
CLOSED: Words = {
    "own_wish": _("left the marketplace of their own accord"),
    "terminated": _("no longer admitted to the marketplace"),
    "unknown": _("no longer on the marketplace"),
}
MODES: Words = {
    "preview": _("preview"),
    "shadow": _("shadow"),
    "subjects": _("subjects only"),
    "public": pgettext_lazy("mode", "public"),
}
SCORECARD_STATES: Words = {
    "announced": _("announced"),
    "in_force": _("in force"),
    "retired": _("retired"),
}
SORTS: Words = {
    "standing": _("standing"),
    "name": _("name"),
    "evidence": _("amount of evidence"),
}
ROLES: Words = {
    "steward": pgettext_lazy("role", "steward"),
    "finance": pgettext_lazy("role", "finance"),
    "auditor": pgettext_lazy("role", "auditor"),
    "data_protection": pgettext_lazy("role", "data-protection officer"),
    "authority": pgettext_lazy("role", "authority"),
    "administrator": pgettext_lazy("role", "administrator"),
    "merchant_owner": pgettext_lazy("role", "owner"),
    "merchant_operations": pgettext_lazy("role", "operations"),
    "merchant_reader": pgettext_lazy("role", "reader"),
    "buyer": pgettext_lazy("role", "buyer"),
}
ROLES_MAY: Words = {
    "steward": _("Decides on contests and signals, and looks after what came in wrong."),
    "finance": _("Moves money, always together with a second person."),
    "auditor": _("Sees everything that is not personal, and changes nothing."),
    "data_protection": _("Answers people who ask about their own data, and sees who looked at it."),
    "authority": _("Sees one case until a day, and nothing else."),
    "administrator": _("Lets staff in and ends what they may do; decides nothing about merchants or buyers."),
    "merchant_owner": _("Everything for the merchant, also who is in the team."),
    "merchant_operations": _("Day-to-day work: orders, contests, replies; not who is in the team."),
    "merchant_reader": _("Sees everything, changes nothing."),
}
ACTS_WORDS: Words = {
    "warning": _("A warning"),
    "goods_unlawful": _("Goods found unlawful"),
    "listing_removed": _("A listing taken off sale"),
    "review_hidden": _("A review hidden"),
    "contest_rejected": _("An objection rejected"),
    "contest_upheld": _("An objection upheld"),
}
GROUNDS_WORDS: Words = {
    "counterfeit": _("The goods are counterfeit."),
    "safety": _("The goods are unsafe."),
    "licence": _("The goods were sold without the licence they need."),
    "terms": _("A rule of this marketplace was broken."),
    "not_this_purchase": _("The review is not about this purchase."),
    "advertising": _("The review advertises something else."),
    "personal_data": _("The review shows somebody’s data."),
    "insult": _("The review insults somebody."),
    "unlawful": _("The review’s content is unlawful."),
    "bought": _("The review was paid for."),
    "evidence": _("What the evidence shows."),
    "no_evidence": _("Nothing was brought that speaks against the fact."),
    "proved": _("A carrier or another provider proved another cause."),
    "source_mistaken": _("Whoever stated the fact was mistaken."),
}
AUTOMATED: Words = {
    "no": _("by a person"),
    "partly": _("by a person with the help of a machine"),
    "wholly": _("by a machine alone"),
}
CONTEST_STATES: Words = {
    "open": pgettext_lazy("contest", "disputed"),
    "upheld": pgettext_lazy("contest", "upheld"),
    "rejected": pgettext_lazy("contest", "rejected"),
    "withdrawn": pgettext_lazy("contest", "taken back"),
}
APPEAL_STATES: Words = {
    "open": pgettext_lazy("appeal", "being looked at"),
    "upheld": pgettext_lazy("appeal", "decision reversed"),
    "rejected": pgettext_lazy("appeal", "decision stands"),
    "withdrawn": pgettext_lazy("appeal", "taken back"),
}
ASPECTS: Words = {
    "dispatch": _("Cause of a dispatch"),
    "delivery": _("Cause of a delivery"),
    "complaint": _("Cause of a complaint"),
    "fact": _("A stated fact"),
}
JUDGED: Words = {
    "dispatch/late": _("Sent late"),
    "dispatch/cancelled": _("Called off"),
    "delivery/late": _("Arrived late"),
    "delivery/damaged": _("Damaged"),
    "delivery/lost": _("Lost"),
    "complaint/not_as_described": _("Complaint: not as described"),
    "complaint/damaged": _("Complaint: damaged"),
    "complaint/late": _("Complaint: late"),
    "complaint/not_received": _("Complaint: not received"),
    "complaint/service": _("Complaint: service"),
    "complaint/unsafe": _("Complaint: unsafe"),
    "complaint/other": _("Complaint: something else"),
}
COMPLAINT_ENDS: Words = {
    "upheld": pgettext_lazy("complaint", "upheld"),
    "rejected": pgettext_lazy("complaint", "rejected"),
    "settled": pgettext_lazy("complaint", "settled between both"),
    "withdrawn": pgettext_lazy("complaint", "taken back by the buyer"),
}
STAGES: Words = {
    "late": _("Past its time"),
    "soon": _("Due within a day"),
    "open": _("To be handed over"),
    "way": pgettext_lazy("order", "On its way"),
}
TEXTS: Words = {
    "name": pgettext_lazy("text", "Name"),
    "title": _("Title of a review"),
    "words": _("Words of a review"),
    "reasons": _("Reasons of a decision about you"),
    "objection": _("An appeal of yours"),
    "reply": _("Answer to your appeal"),
}
RETENTIONS_WORDS: Words = {
    "profile": _("Who you are"),
    "content": _("What you wrote"),
    "transaction": _("What you ordered"),
}
PURPOSES_WORDS: Words = {"publish_name": _("Name beside what I write, version")}
RESTRICTIONS: Words = {
    "accuracy_contested": _("It may be wrong: look into it first"),
    "unlawful": _("It should not be here, but keep it"),
    "legal_claim": _("I need it for a legal claim"),
    "objection": _("I object to its use"),
    "erasure": _("Erasure was asked for, and a law still keeps some of it"),
}
LOOKS: Words = {"seen": pgettext_lazy("look", "seen"), "taken": pgettext_lazy("look", "taken along")}
RUN_STATES: Words = {
    "published": pgettext_lazy("run", "published"),
    "waiting": pgettext_lazy("run", "held at the gate"),
    "kept": pgettext_lazy("run", "kept beside"),
}
JOBS: Words = {"recompute": _("Recompute a run"), "release": _("Release a run")}
JOB_OUTCOMES: Words = {
    "agrees": _("Everything agrees"),
    "differs": _("Something differs"),
    "released": _("Released"),
    "refused": _("It could not be done"),
    "failed": _("It broke off"),
}
LOOKED: Words = {
    "decides": _("A steward, to decide about your case"),
    "audits": _("An auditor, to check how it was decided"),
    "corrects": _("A steward, to correct what a shop sent wrong"),
    "authority": _("An authority, in a case room"),
    "room": _("Staff, to judge what an authority asks for"),
}
LOOK_WHY: Words = {
    "rights": _("To answer the person about their own data"),
    "decides": _("To decide about the case"),
    "audits": _("To check how it was decided"),
    "corrects": _("To correct an event that was refused"),
    "authority": _("As an authority, in a case room"),
    "room": _("To judge what an authority asks for"),
}
LOOK_PAGES: Words = {
    "decision": _("A decision"),
    "appeal": _("An appeal"),
    "refused": _("A refused event"),
    "room": _("The case room"),
    "case": _("A case in a room"),
}
ROOM_STATES: Words = {
    "asked": pgettext_lazy("room", "waits for a second person"),
    "open": pgettext_lazy("room", "open"),
    "declined": pgettext_lazy("room", "declined"),
    "withdrawn": pgettext_lazy("room", "taken back"),
    "lapsed": pgettext_lazy("room", "lapsed, nobody approved"),
    "expired": pgettext_lazy("room", "its day is over"),
    "early": pgettext_lazy("room", "closed early"),
}
ROOM_CASES: Words = {
    "decision": pgettext_lazy("case", "Decision"),
    "contest": pgettext_lazy("case", "Objection"),
    "order": pgettext_lazy("case", "Order"),
    "merchant": pgettext_lazy("case", "Merchant’s standing"),
}
PIECES: Words = {
    "a whole number": pgettext_lazy("in an event", "a whole number"),
    "a text in quotation marks": pgettext_lazy("in an event", "a text in quotation marks"),
    "a time with a zone, like 2026-01-31T12:00:00Z": pgettext_lazy(
        "in an event", "a time with a zone, like 2026-01-31T12:00:00Z"
    ),
    "a JSON object, in braces": pgettext_lazy("in an event", "a JSON object, in braces"),
    "a JSON array, in brackets": pgettext_lazy("in an event", "a JSON array, in brackets"),
    "true or false": pgettext_lazy("in an event", "true or false"),
    "a number": pgettext_lazy("in an event", "a number"),
    "a number with decimals": pgettext_lazy("in an event", "a number with decimals"),
    "a text": pgettext_lazy("in an event", "a text"),
    "an object": pgettext_lazy("in an event", "an object"),
    "an array": pgettext_lazy("in an event", "an array"),
}
VOCABULARIES: dict[str, Words] = {
    "wanted": PIECES,
    "came": PIECES,
    "looked": LOOKED,
    "look_why": LOOK_WHY,
    "look_page": LOOK_PAGES,
    "room_state": ROOM_STATES,
    "room_case": ROOM_CASES,
    "text": TEXTS,
    "retention": RETENTIONS_WORDS,
    "purpose": PURPOSES_WORDS,
    "restriction": RESTRICTIONS,
    "look": LOOKS,
    "thing": SUBJECTS,
    "act": ACTS_WORDS,
    "ground": GROUNDS_WORDS,
    "automated": AUTOMATED,
    "contest_state": CONTEST_STATES,
    "appeal_state": APPEAL_STATES,
    "aspect": ASPECTS,
    "run_state": RUN_STATES,
    "job": JOBS,
    "job_outcome": JOB_OUTCOMES,
    "judged": JUDGED,
    "complaint_end": COMPLAINT_ENDS,
    "stage": STAGES,
    "band": BANDS,
    "role": ROLES,
    "role_may": ROLES_MAY,
    "compared": COMPARED,
    "facet": FACETS,
    "facet_question": FACET_QUESTIONS,
    "feature": FEATURES,
    "cause": CAUSES,
    "outcome": OUTCOMES,
    "hiding_ground": HIDING_GROUNDS,
    "override": OVERRIDES,
    "found": FOUND,
    "withdrawn": WITHDRAWN,
    "withdrawn_short": WITHDRAWN_SHORT,
    "category": CATEGORIES,
    "stated": STATED,
    "form": FORMS,
    "region": REGIONS,
    "closed": CLOSED,
    "mode": MODES,
    "scorecard_state": SCORECARD_STATES,
    "sort": SORTS,
}


def words(code: str, vocabulary: str) -> str:
    """The words for a code; an unknown code itself, without its underscores."""
    return str(VOCABULARIES[vocabulary].get(code, "")) or code.replace("_", " ")


def translated(sentence: str) -> str:
    """A refusal, or a feature's public explanation, in the reader's language, found by its English text.

    Where the sentence carries values, they are put into the sentence of that form.
    """
    found = gettext(sentence) if sentence else ""
    if found != sentence or (get_language() or "en").startswith("en"):
        return found
    for form, pattern in _forms():
        if carried := pattern.fullmatch(sentence):
            return gettext(form) % {name: _value(name, text) for name, text in carried.groupdict().items()}
    return sentence


_CARRIED = re.compile(r"%\\\((\w+)\\\)s")


@cache
def _forms() -> list[tuple[str, re.Pattern[str]]]:
    """The English of every refusal that carries values, and what finds the values in it."""
    with override("en"):
        forms = [str(form) for form in REFUSAL_FORMS]
    return [(form, re.compile(_CARRIED.sub(r"(?P<\1>.+?)", re.escape(form)), re.DOTALL)) for form in forms]


def _value(name: str, text: str) -> str:
    """What a refusal carries as people write it: in words where it is a code, or several."""
    plain = text[1:-1] if text[:1] == text[-1:] == "'" else text
    if name not in VOCABULARIES:
        return plain
    return "、".join(words(code, name) for code in ([plain] if plain in VOCABULARIES[name] else plain.split(", ")))
