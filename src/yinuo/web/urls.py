"""Addresses of the pages."""

from __future__ import annotations

from django.urls import include, path

from yinuo.web import embed, listing, public, record
from yinuo.web.account.joining import join
from yinuo.web.transparency import transparency
from yinuo.web.verify import verify

urlpatterns = [
    path("", public.directory, name="directory"),
    path("merchants/<slug:merchant>/", public.merchant, name="merchant"),
    path("embed/merchants/<slug:merchant>/", embed.merchant, name="embed"),
    path("listings/<slug:listing>/", listing.listing, name="listing"),
    path("method/", public.method, name="method"),
    path("record/", record.record, name="record"),
    path("record/tree/", record.tree, name="record_tree"),
    path("verify/", verify, name="verify"),
    path("join/<str:token>/", join, name="join"),
    path("transparency/", transparency, name="transparency"),
    path("console/", include("yinuo.web.console.urls")),
    path("language/", public.language, name="set_language"),
]
