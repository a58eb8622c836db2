from django.urls import path

from ownership.keeping import views, views_files

urlpatterns = [
    path("matrix/", views.matrix, name="setup_matrix"),
    path("matrix/new", views.process, name="setup_process_new"),
    path("matrix/files/", views_files.files, name="setup_matrix_files"),
    path("matrix/files/matrix.csv", views_files.export, {"kind": "csv"}, name="setup_matrix_csv"),
    path("matrix/files/matrix.yaml", views_files.export, {"kind": "yaml"}, name="setup_matrix_yaml"),
    path("matrix/roles/", views.roles, name="setup_roles"),
    path("matrix/roles/new", views.role, name="setup_role_new"),
    path("matrix/roles/<uuid:role_id>/", views.role, name="setup_role"),
    path("matrix/roles/<uuid:role_id>/remove", views.role_remove, name="setup_role_remove"),
    path("matrix/systems/", views.systems, name="setup_systems"),
    path("matrix/systems/<uuid:system_id>/remove", views.system_remove, name="setup_system_remove"),
    path("matrix/<slug:slug>/", views.process, name="setup_process"),
    path("matrix/<slug:slug>/remove", views.process_remove, name="setup_process_remove"),
    path("matrix/<slug:slug>/feeds/new", views.feed, name="setup_feed_new"),
    path("matrix/<slug:slug>/feeds/<uuid:feed_id>/", views.feed, name="setup_feed"),
]
