"""Addresses of the operators' host, outside every district."""

from django.contrib import admin
from django.urls import include, path

from districts.views import set_language
from districts.views_operator import districts_index

urlpatterns = [
    path("", districts_index, name="districts"),
    path("operator/", admin.site.urls),
    path("account/2fa/", include("allauth.mfa.urls")),
    path("account/", include("allauth.account.urls")),
    path("language/", set_language, name="set_language"),
]
