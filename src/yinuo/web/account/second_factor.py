"""The forms of the second factor, in our words."""

from __future__ import annotations

from typing import Any

from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.utils.translation import gettext_lazy as _


class UseApp(ActivateTOTPForm):  # type: ignore[misc] # allauth has no types
    """The first code of an app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask_for_code(self, _("Code of six digits"), digits=True)


class GiveCode(AuthenticateForm):  # type: ignore[misc]
    """A code of the app, or a recovery code, to sign in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask_for_code(self, _("Code"))


class ConfirmByCode(ReauthenticateForm):  # type: ignore[misc]
    """A code of the app, or a recovery code, to confirm."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask_for_code(self, _("Code"))


class AddPasskey(AddWebAuthnForm):  # type: ignore[misc]
    """A name for the passkey, and whether it lets in alone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("What to call it")
        self.fields["name"].max_length = 100
        alone = self.fields["passwordless"]
        alone.label = _("Sign in with it alone, without the password")
        alone.help_text = _(
            "The device then asks for fingerprint, face or its code each time. An old security key may not be able to."
        )
        alone.initial = True


def _ask_for_code(form: forms.Form, label: Any, *, digits: bool = False) -> None:
    field = form.fields["code"]
    field.label = label
    field.widget.attrs.pop("placeholder", None)
    if digits:
        field.widget.attrs["inputmode"] = "numeric"
