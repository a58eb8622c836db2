from django.urls import path

from alerts import views_upkeep

urlpatterns = [
    path("alerts/", views_upkeep.setup, name="setup_alerts"),
    path("alerts/<slug:slug>/", views_upkeep.words, name="setup_alert_words"),
]
