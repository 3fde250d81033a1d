"""The forms of sign-in and joining."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm, ReauthenticateForm
from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yinuo.people.rules import NotAName, check_handle, normal_handle

GOOD_PASSWORD = _("At least 12 characters; not digits alone, not one that many people use, nothing like the sign-in name.")


class SignIn(LoginForm):  # type: ignore[misc] # allauth has no types
    """Sign-in name and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        self.fields["login"] = forms.CharField(label=_("Sign-in name"), max_length=150, widget=forms.TextInput(attrs=plain))
        self.order_fields(["login", "password"])
        _bare(self)

    def clean_login(self) -> str:
        """The name as accounts have it, so that attempts are counted together however it is written."""
        return normal_handle(self.cleaned_data["login"])


class Confirm(ReauthenticateForm):  # type: ignore[misc]
    """The password once more, before something that decides who gets in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _bare(self)


class ChangePassword(ChangePasswordForm):  # type: ignore[misc]
    """A new password for the old one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in (
            ("oldpassword", _("Present password")), ("password1", _("New password")), ("password2", _("New password again")),
        ):
            self.fields[name].label = label
        self.fields["password1"].help_text = GOOD_PASSWORD
        _bare(self)


class Join(forms.Form):
    """A sign-in name and a password for a new account."""

    handle = forms.CharField(
        label=_("Sign-in name"), max_length=150, help_text=_("3 to 40 characters. It need not be your real name."),
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password1 = forms.CharField(
        label=_("Password"), strip=False, max_length=1_000, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=GOOD_PASSWORD,
    )
    password2 = forms.CharField(
        label=_("Password again"), strip=False, max_length=1_000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_handle(self) -> str:
        """The name as it will be kept."""
        try:
            return check_handle(self.cleaned_data["handle"])
        except NotAName as refusal:
            raise ValidationError(gettext(refusal.sentence)) from None

    def clean(self) -> dict[str, Any]:
        """Refuse a password that is weak or was written in two ways."""
        given = super().clean() or {}
        first, second = given.get("password1"), given.get("password2")
        if first and second and first != second:
            self.add_error("password2", gettext("The two passwords differ."))
        if first:
            try:
                validate_password(first, get_user_model()(handle=given.get("handle", "")))
            except ValidationError as error:
                self.add_error("password1", error)
        return given


def _bare(form: forms.Form) -> None:
    """No words inside the fields: the label above says it and stays."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
