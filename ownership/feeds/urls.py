from django.urls import URLPattern, URLResolver, path

from ownership.feeds import api, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("file/<str:token>", views.send_file, name="feed_file"),
    path("<path:slug>/runs", api.Runs.as_view(), name="api_runs"),  # whatever is asked for, the API says what is not there
    path("<uuid:feed_id>/", views.feed, name="feed"),
]
