"""Addresses of sign-in and of one's own account. Of allauth's pages only those that fit: none asks for an address."""

from __future__ import annotations

from allauth.account import views as account
from allauth.socialaccount import views as social
from django.conf import settings
from django.urls import include, path

from yinuo.web.account import mine, urls

urlpatterns = [
    path("sign-in/", account.login, name="account_login"),
    path("sign-out/", account.logout, name="account_logout"),
    path("disabled/", account.account_inactive, name="account_inactive"),
    path("confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("password/", mine.change_password, name="account_change_password"),
    path("second-factor/", include("allauth.mfa.urls")),
    path("sessions/", include("allauth.usersessions.urls")),
    *urls.urlpatterns,
]
if settings.SOCIALACCOUNT_PROVIDERS:
    urlpatterns += [
        path("directory/", social.connections, name="socialaccount_connections"),
        path("directory/cancelled/", social.login_cancelled, name="socialaccount_login_cancelled"),
        path("directory/failed/", social.login_error, name="socialaccount_login_error"),
        path("directory/unknown/", social.signup, name="socialaccount_signup"),
        path("directory/", include("allauth.socialaccount.providers.openid_connect.urls")),
    ]
