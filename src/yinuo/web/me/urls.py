"""Addresses of a buyer's own pages, below /me/. `config.urls` hands every view what carries out rights across all domains."""

from __future__ import annotations

from django.urls import path

from yinuo.web.me import data, erasing
from yinuo.web.me.home import home

urlpatterns = [
    path("", home, name="me"),
    path("data/", data.data, name="my_data"),
    path("data/package/", data.package, name="my_package"),
    path("data/name/", data.name, name="my_name"),
    path("data/consent/", data.consent, name="my_consent"),
    path("data/use/", data.use, name="my_use"),
    path("erase/", erasing.erase, name="my_erasure"),
]
