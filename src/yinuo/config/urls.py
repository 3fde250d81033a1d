"""Every address of the site: pages, API, static files."""

from __future__ import annotations

from django.urls import include, path

from yinuo.config.administration import site
from yinuo.config.api import api
from yinuo.pipelines import persons, rooms

urlpatterns = [
    path("api/", api.urls),
    path("account/", include("yinuo.config.account_urls")),
    path("admin/", site.urls),
    path("me/", include("yinuo.web.me.urls"), {"rights": persons}),      # pages cannot import what spans all domains
    path("rooms/", include("yinuo.web.rooms.urls"), {"cases": rooms}),
    path("", include("yinuo.web.urls")),
]
