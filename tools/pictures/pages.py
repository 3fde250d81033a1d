"""Which pictures are taken: every page, seen by whom, and what is done on it before. A page without an entry fails loudly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, NamedTuple


class Picture(NamedTuple):
    """One picture: its name, the page (a name of an address), its arguments (names of what the scene knows), who looks at it,
    what is added to the address, and what is done on the page before.
    """

    name: str
    page: str
    args: tuple[str, ...] = ()
    who: str = ""
    query: str = ""
    do: Callable[[Any], None] | None = None
    bare: bool = False      # on an installation where nothing has happened


_numbers = count()


def send(**fields: str) -> Callable[[Any], None]:
    """Fill the form that has these fields and send it, past what the browser itself would object to.

    `{form}` in a value stands for a number of its own each time: attempts at one sign-in name are counted.
    """

    def do(page: Any) -> None:
        form = page.locator(f'main form:has([name="{next(iter(fields))}"])').last
        for name, value in fields.items():
            form.locator(f'[name="{name}"]').first.fill(value.format(form=next(_numbers)))
        form.evaluate("form => { form.noValidate = true; }")
        with page.expect_navigation():
            form.locator("button:not(.plain)").first.click()

    return do


def click(*selectors: str) -> Callable[[Any], None]:
    """Click what is there, one after the other."""

    def do(page: Any) -> None:
        for selector in selectors:
            with page.expect_navigation():
                page.locator(selector).first.click()

    return do


def unfold(page: Any) -> None:
    """Open everything that can be opened."""
    for summary in page.locator("main summary").all():
        summary.click()


def _settle(page: Any) -> None:
    """Choose two objections and look at the settlement once more."""
    for box in page.locator('main [name="contest"]').all()[:2]:
        box.check()
    page.locator("#cause").select_option("carrier")
    _settle_nothing(page)


def _settle_without_cause(page: Any) -> None:
    page.locator('main [name="contest"]').first.check()
    _settle_nothing(page)


def _settle_nothing(page: Any) -> None:
    page.locator("main textarea").fill("The bookings show that the carrier missed the collection on that day.")
    with page.expect_navigation():
        page.locator("main .sheet .button").click()


def _drop_many(page: Any) -> None:
    """Choose every refused event and look at what dropping them means."""
    for box in page.locator('main [name="event"]').all():
        box.check()
    with page.expect_navigation():
        page.locator('main [value="drop"]').click()


def _check_report(page: Any) -> None:
    """Have the owner's credit report checked."""
    place = page.url
    page.goto(place.replace("/verify/", "/console/"))
    report = page.request.get(place.replace("/verify/", page.locator('main a[href$="/report/"]').get_attribute("href")))
    page.goto(place)
    page.set_input_files("#file", {"name": "credit-report.json", "mimeType": "application/json", "buffer": report.body()})
    page.locator("#verdict:not([hidden])").wait_for()


def _erase(page: Any) -> None:
    page.locator("#handle").fill(page.locator(".top .me").inner_text())
    with page.expect_navigation():
        page.locator("main form .button").click()


def _without_token(page: Any) -> None:
    """Send the form as a browser does that keeps no cookies."""
    page.context.clear_cookies(name="csrftoken")
    send(login="nobody", password="not the password")(page)  # noqa: S106


PICTURES = (
    Picture("directory", "directory"),
    Picture("directory-nothing-found", "directory", query="?search=zzz"),
    Picture("directory-bare", "directory", bare=True),
    *(Picture(f"merchant-{band}", "merchant", (band,)) for band in ("good", "caution", "new", "unlawful")),
    Picture("merchant-unfolded", "merchant", ("excellent",), do=unfold),
    Picture("embed", "embed", ("good",)),
    Picture("embed-unlawful", "embed", ("unlawful",)),
    Picture("listing", "listing", ("listing",)),
    Picture("listing-unlawful", "listing", ("listing_unlawful",)),
    Picture("method", "method"),
    Picture("record", "record"),
    Picture("record-bare", "record", bare=True),
    Picture("verify", "verify"),
    Picture("verify-report", "verify", who="owner", do=_check_report),
    Picture("transparency", "transparency"),
    Picture("transparency-bare", "transparency", bare=True),
    Picture("not-found", "merchant", ("nobody",)),
    Picture("sign-in", "account_login"),
    Picture("sign-in-wrong", "account_login", do=send(login="nobody{form}", password="not the password")),  # noqa: S106
    Picture("form-not-taken", "account_login", do=_without_token),
    Picture("disabled", "account_inactive"),
    Picture("join", "join", ("invitation",)),
    Picture("join-wrong", "join", ("invitation_staff",), do=send(handle="a", password1="short", password2="other")),
    Picture("join-signed-in", "join", ("invitation_staff",), "owner"),
    Picture("account", "my_account", who="owner"),
    Picture("account-staff", "my_account", who="administrator"),
    Picture("sign-out", "account_logout", who="owner"),
    Picture("confirm", "account_reauthenticate", who="owner"),
    Picture("password", "account_change_password", who="owner"),
    Picture("password-wrong", "account_change_password", who="owner", do=send(oldpassword="x", password1="a", password2="b")),
    Picture("factor", "mfa_index", who="owner"),
    Picture("factor-staff", "mfa_index", who="steward"),
    Picture("factor-app", "mfa_activate_totp", who="owner"),
    Picture("factor-app-off", "mfa_deactivate_totp", who="steward"),
    Picture("factor-codes", "mfa_view_recovery_codes", who="steward"),
    Picture("factor-codes-new", "mfa_generate_recovery_codes", who="steward"),
    Picture("factor-keys", "mfa_list_webauthn", who="steward"),
    Picture("factor-key-add", "mfa_add_webauthn", who="steward"),
    Picture("factor-confirm", "mfa_reauthenticate", who="steward"),
    Picture("sessions", "usersessions_list", who="owner"),
    Picture("team", "team", ("merchant",), "owner"),
    Picture("team-invited", "team", ("merchant",), "owner", do=click("main form:has(select) .button")),
    Picture("staff", "staff", who="administrator"),
    Picture("staff-invited", "staff", who="administrator", do=click("main form:has(select) .button")),
    Picture("buyer", "me", who="buyer"),
    Picture("data", "my_data", who="buyer"),
    Picture("data-unfolded", "my_data", who="restricted", do=unfold),
    Picture("erase", "my_erasure", who="buyer"),
    Picture("erase-wrong", "my_erasure", who="buyer", do=send(handle="somebody else")),
    Picture("erased", "my_erasure", who="leaver", do=_erase),
    Picture("console", "console", who="reader"),
    Picture("console-nobody", "console", who="nobody"),
    Picture("standing", "console_merchant", ("merchant",), "owner"),
    Picture("standing-new", "console_merchant", ("new",), "beginner"),
    Picture("standing-steward", "console_merchant", ("merchant",), "steward"),
    Picture("outcomes", "console_outcomes", ("merchant",), "owner"),
    Picture("outcomes-complaints", "console_outcomes", ("merchant",), "owner", query="?aspect=complaint"),
    Picture("outcomes-wrong", "console_outcomes", ("merchant",), "owner", do=send(words="too short")),
    Picture("outcomes-reader", "console_outcomes", ("merchant",), "reader"),
    Picture("outcomes-none", "console_outcomes", ("new",), "beginner"),
    Picture("cases", "console_cases", ("merchant",), "owner"),
    Picture("cases-none", "console_cases", ("new",), "beginner"),
    Picture("contest", "console_contest", ("contest",), "owner"),
    Picture("contest-steward", "console_contest", ("contest",), "steward"),
    Picture("contest-complaint", "console_contest", ("complaint",), "steward"),
    Picture("contest-complaint-upheld", "console_contest", ("given_back",), "owner"),
    Picture("contest-late", "console_contest", ("late",), "owner"),
    Picture("contest-upheld", "console_contest", ("upheld",), "owner"),
    Picture("contest-rejected", "console_contest", ("rejected",), "owner"),
    Picture("decision", "console_decision", ("decision",), "owner"),
    Picture("decision-wrong", "console_decision", ("decision",), "owner", do=send(words="no")),
    Picture("decision-answered", "console_decision", ("warning",), "owner", do=unfold),
    Picture("appeal", "console_appeal", ("appeal",), "colleague"),
    Picture("appeal-had-part", "console_appeal", ("appeal",), "steward"),
    Picture("steward", "steward", who="steward"),
    Picture("steward-auditor", "steward", who="auditor"),
    Picture("steward-bare", "steward", who="steward", bare=True),
    Picture("settle", "steward_contests", who="colleague", do=_settle),
    Picture("settle-without-cause", "steward_contests", who="colleague", do=_settle_without_cause),
    Picture("settle-nothing", "steward_contests", who="colleague", do=_settle_nothing),
    Picture("refused", "steward_refused", who="steward"),
    Picture("refused-bare", "steward_refused", who="steward", bare=True),
    Picture("refused-drop", "steward_refused", who="steward", do=_drop_many),
    Picture("refused-event", "steward_refused_event", ("refused",), "steward"),
    Picture("refused-event-wrong", "steward_refused_event", ("refused",), "steward", do=click("main .sheet .button")),
    Picture("decide", "steward_decide", who="steward", query="?merchant={merchant}"),
    Picture("today", "console_today", ("merchant",), "owner"),
    Picture("what-if", "console_what_if", ("merchant",), "owner", query="?orders=20&late=2"),
    Picture("what-if-wrong", "console_what_if", ("merchant",), "owner", query="?orders=many"),
    Picture("contests", "steward_contests", who="steward"),
    Picture("contests-late", "steward_contests", who="steward", query="?clock=late"),
    Picture("appeals", "steward_appeals", who="steward"),
    Picture("runs", "console_runs", who="auditor"),
    Picture("run", "console_run", ("run",), "auditor"),
    Picture("job", "console_job", ("job",), "auditor"),
    Picture("webhooks", "console_webhooks", who="administrator"),
    Picture("webhook", "console_webhook", ("webhook",), "administrator"),
    Picture("looks", "looks", who="data_protection"),
    Picture("rooms", "rooms", who="data_protection"),
    Picture("room-ask", "room_ask", who="steward"),
    Picture("room-asked", "room", ("asked",), "data_protection"),
    Picture("room", "room", ("room",), "steward"),
    Picture("room-authority", "room", ("room",), "authority"),
    Picture("room-case", "room_case", ("room", "decision"), "authority"),
    Picture("tokens", "my_tokens", who="steward"),
    Picture("new-token", "new_token", who="steward"),
    Picture("administration", "admin:index", who="administrator"),
    Picture("administration-roles", "admin:people_grant_changelist", who="administrator"),
    Picture("administration-runs", "admin:credit_run_changelist", who="administrator"),
    Picture("decide-wrong", "steward_decide", who="steward", query="?merchant={merchant}", do=send(words="no")),
)
NO_PAGES = {
    "console_recompute": "a button of the run's page",
    "console_release": "a form of the run's page",
    "revoke_token": "a button of the tokens' page",
    "room_file": "a file to download",
    "steward_filters": "a form of the queues' pages",
    "steward_refused_many": "what the chosen refused events come to, from their page",
    "steward_take": "a button of the queues' pages",
    "console_report": "a file to download",
    "end_session": "a button of the account's page",
    "leave": "a button of the account's page",
    "mfa_authenticate": "between password and code: needs a sign-in under way",
    "mfa_download_recovery_codes": "a file to download",
    "mfa_edit_webauthn": "needs a device that keeps passkeys; as factor-key-add",
    "mfa_login_webauthn": "asked by the passkey's script",
    "mfa_reauthenticate_webauthn": "needs a device that keeps passkeys; as factor-confirm",
    "mfa_remove_webauthn": "needs a device that keeps passkeys; as factor-app-off",
    "my_consent": "a button of the data's page",
    "my_language": "a button of the account's page",
    "my_name": "a form of the data's page",
    "my_package": "a file to download",
    "my_use": "a form of the data's page",
    "record_tree": "a part of the record's page",
    "set_language": "the switch at the foot of every page",
    "steward_settle": "pictured as settle, from the stewards' page",
}
"""Addresses of which no picture is taken, and why."""


def names() -> Iterator[str]:
    """The name of every address of the site, the API's apart."""
    from django.urls import get_resolver  # noqa: PLC0415 - Django starts only once the folder is chosen

    yield from _names(get_resolver().url_patterns)


def forgotten() -> set[str]:
    """The addresses that have neither a picture nor a reason for having none, and those that exist no more; the
    administration's tables are all alike, and some stand for them.
    """
    pictured = {picture.page for picture in PICTURES if ":" not in picture.page}
    return set(names()) ^ (pictured | NO_PAGES.keys())


def _names(patterns: Any) -> Iterator[str]:
    for each in patterns:
        if getattr(each, "namespace", None):     # the API's
            continue
        if hasattr(each, "url_patterns"):
            yield from _names(each.url_patterns)
        else:
            yield each.name
