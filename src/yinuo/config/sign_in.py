"""How allauth is made to fit: no sign-up, no addresses, second factors sealed by the vault."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yinuo.cli._here import now, realm
from yinuo.config.signed_in import SEEN
from yinuo.kit.sealing import NotOpened, place_of
from yinuo.people import actions, queries
from yinuo.vault import actions as vault
from yinuo.vault.queries import open_own

_WAYS = {
    "reauthenticate": _("Use the password"),
    "mfa_reauthenticate": _("Use a code"),
    "mfa_reauthenticate:webauthn": _("Use a passkey"),
}
_SAID = {
    "account/messages/password_changed.txt": _("The password is changed. All other sessions have ended."),
    "mfa/messages/totp_activated.txt": _("The app is in use from now on."),
    "mfa/messages/totp_deactivated.txt": _("The app is no longer asked for."),
    "mfa/messages/recovery_codes_generated.txt": _("Ten new recovery codes were made; earlier ones are worthless."),
    "mfa/messages/webauthn_added.txt": _("The passkey can be used from now on."),
    "mfa/messages/webauthn_removed.txt": _("The passkey no longer lets you in."),
    "usersessions/messages/sessions_logged_out.txt": _("All other sessions have ended."),
    "socialaccount/messages/account_connected.txt": _("The account is tied to the directory."),
    "socialaccount/messages/account_connected_other.txt": _("You are tied to another account there already."),
    "socialaccount/messages/account_disconnected.txt": _("The account is no longer tied to the directory."),
}
_PLACE = place_of("mfa_authenticator", "data", "secret")


class Accounts(DefaultAccountAdapter):  # type: ignore[misc] # allauth has no types
    """Accounts come by invitation, and have no address to write to."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": _("The sign-in name or the password is not right."),
        "too_many_login_attempts": _("Too many attempts have failed. Try again in a few minutes."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Staff without a second factor are led to set it up first; everybody else to their account."""
        lacking = queries.lacks_second_factor(request.user, at=now())  # type: ignore[arg-type] # somebody is signed in
        return reverse("mfa_index" if lacking else "my_account")

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """In which ways somebody can show that it is them, in our words."""
        ways: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return [way | {"description": _WAYS.get(way["id"], way["description"])} for way in ways]

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        """Begin to count idle time, take the account's language along, and forget sessions that are over."""
        at = now()
        request.session[SEEN] = at.isoformat()
        response: HttpResponse = super().post_login(request, user, **kwargs)
        if user.language and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME, user.language, max_age=settings.LANGUAGE_COOKIE_AGE,
                secure=settings.LANGUAGE_COOKIE_SECURE, httponly=True, samesite="Lax",
            )
        actions.forget_ended_sessions(at=at)
        return response

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *args: Any, **kwargs: Any
    ) -> None:
        """Say in our words what a page does not show by itself; that one is signed in or out it does."""
        if said := _SAID.get(message_template or ""):
            messages.add_message(request, level, str(said))


class SecondFactors(DefaultMFAAdapter):  # type: ignore[misc]
    """Seeds of second factors are sealed with the realm's key before the database sees them."""

    def encrypt(self, text: str) -> str:
        """The text, sealed."""
        return base64.b64encode(vault.seal_own(place=_PLACE, text=text, realm=realm(), at=now())).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The text that was sealed; refuses what was not."""
        try:
            sealed = base64.b64decode(encrypted_text, validate=True)
        except binascii.Error:
            raise NotOpened("The seed of a second factor is not a sealed value.") from None
        return open_own(place=_PLACE, sealed=sealed, realm=realm())

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        """What a passkey is called unless its owner says otherwise."""
        return gettext("Passkey %(number)s") % {"number": Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1}


class Directory(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """The staff's directory lets in those whose account is tied to it already, and makes none."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Nobody signs up."""
        return False
