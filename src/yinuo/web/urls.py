"""Addresses of the pages."""

from __future__ import annotations

from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.i18n import set_language

from yinuo.web import public

urlpatterns = [
    path("", public.directory, name="directory"),
    path("merchants/<slug:merchant>/", public.merchant, name="merchant"),
    path("method/", public.method, name="method"),
    path("language/", csrf_exempt(set_language), name="set_language"),   # sets one harmless cookie
]
