"""Every address of the site: pages, API, static files."""

from __future__ import annotations

from django.urls import include, path

from yinuo.config.api import api

urlpatterns = [
    path("api/", api.urls),
    path("account/", include("yinuo.config.account_urls")),
    path("", include("yinuo.web.urls")),
]
