"""What the API's description says of refusals: the same form everywhere, and which are to be reckoned with at each call."""

from __future__ import annotations

from typing import Any

_PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "Why nothing was done (RFC 9457): a sentence for people, a word for programs, and where the fault lies.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"const": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "path": {"type": "string"},
    },
}
_SAYS: dict[int, tuple[str, str, str]] = {
    401: ("Unauthorized", "unauthenticated", "This token is not known here."),
    403: ("Forbidden", "not-allowed", "account:7 may not decisions: settle appeal."),
    404: ("Not Found", "not-found", "There is no such decision, or it is not about you."),
    409: ("Conflict", "conflict", "This decision was appealed already."),
    422: ("Unprocessable Content", "malformed", "Say it in 20 to 5,000 characters of your own."),
    429: ("Too Many Requests", "too-many-tries", "Too many tokens that are not good came from your address."),
    503: ("Service Unavailable", "busy", "Others held the record for too long; nothing was done. Send the same again."),
}
_CHANGES = frozenset({"post", "put", "delete"})


def describe_refusals(schema: dict[str, Any]) -> None:
    """Add to every call what it may be refused for, each with an example. What a call says of itself stays."""
    schema["components"]["schemas"]["Problem"] = _PROBLEM
    for path, calls in schema["paths"].items():
        for method, call in calls.items():
            for status in sorted(_expected(path, method, call)):
                call["responses"].setdefault(status, _refusal(status))


def _expected(path: str, method: str, call: dict[str, Any]) -> set[int]:
    asks = [name for scheme in call.get("security", ()) for name in scheme]
    found = {401} if asks else set()
    if "AccessToken" in asks:
        found |= {403, 429}
    if "{" in path:
        found.add(404)
    if call.get("parameters") or call.get("requestBody"):
        found.add(422)
    if method in _CHANGES:
        found |= {409, 503}
    return found


def _refusal(status: int) -> dict[str, Any]:
    title, code, sentence = _SAYS[status]
    example = {"type": "about:blank", "title": title, "status": status, "detail": sentence, "code": code}
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
    return {"description": title, "content": {"application/problem+json": content}}
