"""Addresses outside of set-up: what calendar programs read."""

from django.urls import path

from sla.setup.calendar import files

urlpatterns = [path("<str:token>.ics", files.subscribed, name="calendar_feed")]
