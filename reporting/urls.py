from django.urls import path

from reporting import views

urlpatterns = [
    path("", views.today, name="today"),
    path("teams.csv", views.today_csv, name="today_csv"),
]
