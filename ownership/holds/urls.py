from django.urls import path

from ownership.holds import views

urlpatterns = [
    path("", views.holds, name="holds"),
    path("<uuid:hold_id>/", views.hold, name="hold"),
    path("<uuid:hold_id>/release", views.release, name="release_hold"),
    path("<uuid:hold_id>/reject", views.reject, name="reject_hold"),
    path("<uuid:hold_id>/ask", views.ask, name="ask_about_hold"),
    path("<uuid:hold_id>/answer", views.answer, name="answer_about_hold"),
    path("rules/<slug:slug>/", views.rules, name="hold_rules"),
    path("rules/<slug:slug>/<int:place>/remove", views.remove_rule, name="remove_hold_rule"),
]
