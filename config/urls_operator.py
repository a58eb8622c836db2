"""Addresses of the operators' host, outside every district."""

from django.contrib import admin
from django.urls import path

from districts.views_operator import districts_index

urlpatterns = [
    path("", districts_index, name="districts"),
    path("operator/", admin.site.urls),
]
