from django.urls import path

from ownership.covering import views_cover, views_overrides

urlpatterns = [
    path("", views_cover.register, name="key_persons"),
    path("person/<uuid:person_id>/", views_cover.person, name="key_person"),
    path("covers", views_cover.cover, name="cover"),
    path("covers/<uuid:cover_id>/trained", views_cover.trained, name="cover_trained"),
    path("covers/<uuid:cover_id>/move", views_cover.move, name="cover_move"),
    path("covers/<uuid:cover_id>/remove", views_cover.remove, name="cover_remove"),
    path("rotation/", views_cover.planner, name="rotation_planner"),
    path("overrides/", views_overrides.page, name="overrides"),
    path("overrides/overrides.csv", views_overrides.export, name="overrides_csv"),
    path("overrides/<uuid:override_id>/", views_overrides.override, name="override"),
    path("overrides/<uuid:override_id>/again", views_overrides.again, name="override_again"),
    path("overrides/<uuid:override_id>/review", views_overrides.review, name="override_review"),
    path("overrides/uses/<uuid:use_id>/take-back", views_overrides.take_back, name="override_take_back"),
]
