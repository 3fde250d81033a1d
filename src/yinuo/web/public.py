"""Pages that anybody can read: the directory, a merchant, the method."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any, get_args

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.encoding import iri_to_uri
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.views.decorators.http import require_safe

from yinuo.catalogue import queries as catalogue
from yinuo.credit import queries as credit
from yinuo.credit.rules import bands as credit_bands
from yinuo.kit.actors import PUBLIC
from yinuo.kit.moments import MICROS_PER_DAY
from yinuo.kit.refusals import NotFound
from yinuo.merchants import queries as merchants
from yinuo.reviews import queries as reviews
from yinuo.web import charts

if TYPE_CHECKING:
    from yinuo.catalogue.models import Finding
    from yinuo.credit.models import Standing
    from yinuo.merchants.models import Merchant

PAGE = 25
REVIEWS = 10
LISTINGS = 12
SEARCH_LENGTH_MAX = 100


@require_safe
def directory(request: HttpRequest) -> HttpResponse:
    """All merchants, to search, filter and sort; as a fragment where only the list is asked for."""
    filters = _filters(request)
    after = request.GET.get("after", "").replace("\0", "")
    page = credit.directory(
        viewer=PUBLIC,
        mode=mode(),
        search=filters["search"],
        band=filters["band"],
        sort=filters["sort"] or "standing",
        after=after,
        limit=PAGE,
    )
    rows = [(row, interval_of(row.standing), _step(row.standing)) for row in page.rows]
    context = {
        "filters": filters,
        "rows": rows,
        "after": page.after,
        "is_first": not after,
        "is_public": credit.is_public(viewer=PUBLIC, mode=mode()),
        "run": credit.newest_run(),
        "bands": credit.BANDS,
        "sorts": get_args(credit.Sort),
    }
    htmx = request.htmx  # type: ignore[attr-defined]  # put there by its middleware
    fragment = htmx and not htmx.history_restore_request
    response = render(request, "public/_merchants.html" if fragment else "public/directory.html", context)
    response["Vary"] = "HX-Request"
    return response


@require_safe
def merchant(request: HttpRequest, merchant: str) -> HttpResponse:
    """One merchant: how they stand, why, since when, and what buyers say."""
    is_public = credit.is_public(viewer=PUBLIC, mode=mode())
    standing = credit.standing_of(viewer=PUBLIC, mode=mode(), merchant=merchant) if is_public else None
    found = merchant_shown(merchant, standing)
    context = reviews_context(request, merchant=merchant) | _listings_context(request, merchant) | {
        "merchant": found,
        "is_public": is_public,
        "standing": standing,
        "ratings": merchants.external_ratings(viewer=PUBLIC, merchant=merchant),
    }
    if standing is not None:
        context |= _standing_context(standing)
    return render(request, "public/merchant.html", context)


@require_safe
def method(request: HttpRequest) -> HttpResponse:
    """How standings are made: the scorecard shown, feature by feature, and how well it keeps its word."""
    scorecard = credit.scorecard_shown()
    body: dict[str, Any] = scorecard.body if scorecard else {}
    report: dict[str, Any] = scorecard.report if scorecard else {}
    weights = {row.get("name"): row.get("information_value_milli") for row in report.get("features", [])}
    features = [
        {**feature, "rows": _bin_rows(feature["bins"]), "information_value_milli": weights.get(feature["name"])}
        for feature in (credit.features_of(scorecard) if scorecard else [])
    ]
    context = {
        "scorecard": scorecard,
        "minimum_outcomes": body.get("minimum_outcomes", 10),
        "features": features,
        "report": report,
        "reliability": charts.reliability(report.get("reliability", [])),
        "bands": _band_rows(),
        "versions": credit.scorecards(),
        "run": credit.newest_run(),
        "rate_outcomes_min": credit.RATE_OUTCOMES_MIN,
    }
    return render(request, "public/method.html", context)


def reviews_context(request: HttpRequest, **about: str) -> dict[str, Any]:
    """What the list of reviews shows, of `merchant` or of `listing`; the address says from where on."""
    before = request.GET.get("reviews_before", "")
    listed = reviews.newest_reviews(
        viewer=PUBLIC, realm=request.realm,  # type: ignore[attr-defined] # the middleware set it
        before=int(before) if _is_moment(before) else None, limit=REVIEWS + 1, **about,
    )
    counts = reviews.review_counts(viewer=PUBLIC, **about)
    return {
        "review_counts": counts,
        "stars": zip(
            counts.shown_by_stars.items(), charts.share_bars(list(counts.shown_by_stars.values())), strict=True
        ),
        "reviews": listed[:REVIEWS],
        "reviews_before": listed[REVIEWS - 1].published_at if len(listed) > REVIEWS else None,
        "is_first_reviews": not before,
    }


def _listings_context(request: HttpRequest, merchant: str) -> dict[str, Any]:
    after = request.GET.get("listings_after", "").replace("\0", "")
    listed = catalogue.listings_of(
        viewer=PUBLIC, merchant=merchant, after=after, limit=LISTINGS + 1,
        realm=request.realm,  # type: ignore[attr-defined] # the middleware set it
    )
    return {
        "listings": listed[:LISTINGS],
        "listings_after": listed[LISTINGS - 1].listing if len(listed) > LISTINGS else "",
        "is_first_listings": not after,
    }


def merchant_shown(merchant: str, standing: Standing | None) -> Merchant:
    """The merchant of that id, even one of whom only orders told; refuses where there is no standing either."""
    try:
        return merchants.merchant(viewer=PUBLIC, merchant=merchant)
    except NotFound:
        if standing is None:
            raise
        return merchants.merchants(viewer=PUBLIC, ids=[merchant])[merchant]


def mode() -> str:
    """Who may see standings here."""
    named: str = settings.YINUO["YINUO_MODE"]
    return named


def _filters(request: HttpRequest) -> dict[str, Any]:
    """The filters of the address; what is not a filter there is left out, so that an old link still works."""
    search = " ".join(unicodedata.normalize("NFKC", request.GET.get("search", "")).replace("\0", "").split())
    band, sort = request.GET.get("band", ""), request.GET.get("sort", "")
    return {
        "search": search[:SEARCH_LENGTH_MAX],
        "band": band if band in credit.BANDS else "",
        "sort": sort if sort in get_args(credit.Sort) and sort != "standing" else "",
    }


def interval_of(standing: Standing | None) -> charts.Interval | None:
    """Where a standing's score and interval are drawn; None where it shows no number."""
    if standing is None or standing.score is None or standing.override:
        return None
    low = standing.score if standing.low is None else standing.low
    return charts.interval(standing.score, low, standing.score if standing.high is None else standing.high)


def _step(standing: Standing | None) -> credit.Step | None:
    return None if standing is None else credit.step_of(standing.outcomes)


def _standing_context(standing: Standing) -> dict[str, Any]:
    scorecard = credit.scorecard_shown()
    points = credit.course_of(viewer=PUBLIC, standing=standing)
    causes = credit.causes_of(viewer=PUBLIC, standing=standing)
    return {
        "run": credit.run_of(viewer=PUBLIC, standing=standing),
        "minimum_outcomes": (scorecard.body if scorecard else {}).get("minimum_outcomes", 10),
        "interval": interval_of(standing),
        "held_band": credit.held_band_of(viewer=PUBLIC, standing=standing),
        "outcomes": credit.step_of(standing.outcomes),
        "facets": credit.facets_of(viewer=PUBLIC, standing=standing),
        "reasons": _reason_rows(standing),
        "course": charts.course(points),
        "points": points[::-1],
        "causes": [(cause, _permille_bar(cause.permille, causes)) for cause in causes],
        "findings": _findings(standing) if standing.override else [],
    }


def _findings(standing: Standing) -> list[Finding]:
    before = standing.as_of * MICROS_PER_DAY
    return catalogue.findings_standing(viewer=PUBLIC, merchant=standing.merchant, before=before)


def _reason_rows(standing: Standing) -> list[dict[str, Any]]:
    reasons = credit.reasons_of(viewer=PUBLIC, standing=standing)
    explanations = credit.feature_explanations()
    bars = charts.points_bars([reason["points"] for reason in reasons])
    return [
        {**reason, "explanation": explanations.get(reason["feature"], ""), "left": left, "width": width}
        for reason, (left, width) in zip(reasons, bars, strict=True)
    ]


def _permille_bar(permille: int | None, causes: list[credit.CauseCount]) -> str | None:
    if permille is None:
        return None
    return charts.share_bars([permille, max(cause.permille or 0 for cause in causes)])[0]


def _bin_rows(bins: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The bins with where each starts; neighbours that give the same points are one."""
    rows: list[dict[str, Any]] = []
    for step in bins:
        if rows and rows[-1]["points"] == step.get("points", 0):
            rows[-1]["end"] = step.get("upto")
        else:
            start = rows[-1]["end"] if rows else None
            rows.append({"start": start, "end": step.get("upto"), "points": step.get("points", 0)})
    return rows


def _band_rows() -> list[dict[str, Any]]:
    """Each band that the score decides, with the scores it holds, best first."""
    rows, above = [], charts.SCORE_MAX
    for band in credit_bands.BANDS:
        if band.lowest is not None:
            rows.append({"band": band.key, "low": band.lowest, "high": above})
            above = band.lowest - 1
    return rows


def _is_moment(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 16


@require_safe
def language(request: HttpRequest) -> HttpResponse:
    """Keep the language asked for in a cookie and go back to the page. Reads no body: anybody may ask, however slowly."""
    target = request.GET.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        target = "/"
    response = HttpResponseRedirect(iri_to_uri(target))
    wanted = request.GET.get("language", "")
    if check_for_language(wanted):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, wanted, max_age=settings.LANGUAGE_COOKIE_AGE, samesite="Lax", httponly=True,
            secure=settings.LANGUAGE_COOKIE_SECURE,
        )
    return response
