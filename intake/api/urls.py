"""Addresses of the API. Included by `intake.urls_hooks`."""

from django.urls import path

from intake.api import pages, schema, views

urlpatterns = [
    path("", pages.reference, name="api_reference"),
    path("schema", schema.described, name="api_schema"),
    path("v1/tickets", views.Tickets.as_view(), name="api_tickets"),
    path("v1/tickets/<str:ticket_id>", views.OneTicket.as_view(), name="api_ticket"),
    path("v1/tickets/<str:ticket_id>/messages", views.Messages.as_view(), name="api_messages"),
    path("v1/files", views.store_file, name="api_files"),
    path("v1/<path:nowhere>", views.Nowhere.as_view(), name="api_nowhere"),
]
