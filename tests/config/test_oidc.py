"""Sign-in of staff by a directory: off by default; only for those who are tied to it; asked for nothing but who it is."""

from __future__ import annotations

import importlib
import json
import re
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.cache import cache
from django.test import Client
from django.urls import clear_url_caches

from yinuo.cli._here import now as present
from yinuo.config import account_urls, urls
from yinuo.config.environment import read_settings
from yinuo.config.oidc import form_target, staff_directory
from yinuo.kit.refusals import Malformed
from yinuo.people.models import Account

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
VALUES = {
    "YINUO_OIDC_ISSUER": "https://login.example.com/realm", "YINUO_OIDC_CLIENT": "yinuo", "YINUO_OIDC_SECRET": "s",
    "YINUO_OIDC_NAME": "Staff directory",
}


@pytest.mark.parametrize("wrong", [{"YINUO_OIDC_CLIENT": ""}, {"YINUO_OIDC_SECRET": ""}, {"YINUO_OIDC_ISSUER": "http://x.example"},
                                   {"YINUO_OIDC_ISSUER": "login.example.com"}])
def test_a_directory_is_named_whole_and_reached_safely(wrong):
    with pytest.raises(Malformed):
        staff_directory(VALUES | wrong)


def test_there_is_none_by_default(client):
    assert staff_directory(read_settings({})) == {}
    assert form_target("") == ""
    assert form_target(VALUES["YINUO_OIDC_ISSUER"]) == "https://login.example.com"
    assert client.get("/account/directory/").status_code == 404


class IdentityProvider:
    """A directory on this machine: whoever comes is `subject`."""

    def __init__(self):
        self.subject, self.nonce, self.issuer = "s-17", None, ""

    def __call__(self, method, path, body):
        if path.startswith("/.well-known/"):
            found = {"issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
                     "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/keys",
                     "userinfo_endpoint": f"{self.issuer}/me"}
        elif path == "/keys":
            found = {"keys": [json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key())) | {"kid": "k"}]}
        elif path == "/me":
            found = {"sub": self.subject}
        else:
            moment = int(present().timestamp())
            claims = {"iss": self.issuer, "aud": "yinuo", "sub": self.subject, "iat": moment, "exp": moment + 60}
            found = {"access_token": "a", "token_type": "Bearer", "id_token": jwt.encode(claims, KEY, "RS256", {"kid": "k"})}
        return 200, "application/json", json.dumps(found).encode()


@pytest.fixture
def directory(settings, serving, db):
    """A directory, switched on."""
    idp = IdentityProvider()
    idp.issuer = serving(idp)
    settings.SOCIALACCOUNT_PROVIDERS = staff_directory(VALUES | {"YINUO_OIDC_ISSUER": idp.issuer})
    settings.FORM_TARGET = form_target(idp.issuer)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    _read_addresses_again()
    yield idp
    settings.SOCIALACCOUNT_PROVIDERS = {}
    _read_addresses_again()


def _read_addresses_again():
    importlib.reload(account_urls)
    importlib.reload(urls)
    clear_url_caches()


def by_directory(client, page):
    """Press the directory's button on a page, and come back from there."""
    form = re.search(r'action="(/account/directory/oidc/staff/login/[^"]*)"', page.content.decode())[1].replace("&amp;", "&")
    asked = urlsplit(client.post(form).url)
    query = parse_qs(asked.query)
    assert query["scope"] == ["openid"]
    assert query["code_challenge_method"] == ["S256"]
    return client.get("/account/directory/oidc/staff/login/callback/", {"code": "c", "state": query["state"][0]})


def test_who_is_tied_to_it_signs_in_and_nobody_else(directory):
    account = Account(handle="li.na", created=present())
    account.set_password("seven green teapots")
    account.save()
    login = Client().get("/account/sign-in/")
    assert f"form-action 'self' {directory.issuer}" in login["Content-Security-Policy"]
    unknown = Client()
    answer = by_directory(unknown, unknown.get("/account/sign-in/"))
    assert "No account is tied to that" in answer.content.decode(), answer.content.decode()[:3000]
    assert Account.objects.count() == 1
    assert not SocialAccount.objects.exists()
    owner = Client()
    owner.post("/account/sign-in/", {"login": "li.na", "password": "seven green teapots"})
    by_directory(owner, owner.get("/account/directory/"))
    tied = SocialAccount.objects.get()
    assert tied.user_id == account.pk
    assert "@" not in json.dumps(tied.extra_data)
    later = Client()
    assert by_directory(later, later.get("/account/sign-in/")).url == "/account/"
    assert later.get("/account/").status_code == 200
    Authenticator.objects.create(user=account, type="totp", data={"secret": ""})
    third = Client()
    assert by_directory(third, third.get("/account/sign-in/")).url == "/account/second-factor/authenticate/"
    directory.subject = "s-18"
    other = Client()
    by_directory(other, other.get("/account/sign-in/"))
    assert other.get("/account/").status_code == 302
