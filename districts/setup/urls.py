from django.urls import path

from districts.setup import views

urlpatterns = [
    path("sites/", views.sites, name="setup_sites"),
    path("sites/new", views.site, name="setup_site_new"),
    path("sites/<uuid:site_id>/", views.site, name="setup_site"),
    path("teams/", views.teams, name="setup_teams"),
    path("teams/new", views.team, name="setup_team_new"),
    path("teams/<uuid:team_id>/", views.team, name="setup_team"),
    path("teams/<uuid:team_id>/remove", views.team_remove, name="setup_team_remove"),
]
