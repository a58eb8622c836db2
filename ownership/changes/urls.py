from django.urls import path

from ownership.changes import api, views, views_lists

urlpatterns = [
    path("<slug:slug>/", views.changes, name="changes"),
    path("<slug:slug>/missing.csv", views.missing_file, name="changes_missing_file"),
    path("<slug:slug>/<uuid:change_id>/by-hand", views.by_hand, name="change_by_hand"),
    path("<slug:slug>/<uuid:change_id>/waive", views.waive, name="change_waive"),
    path("<slug:slug>/left", api.LeftDoor.as_view(), name="changes_left"),
    path("<slug:slug>/at/<slug:target>", api.ArrivedDoor.as_view(), name="changes_arrived"),
    path("<slug:slug>/lists/", views_lists.lists, name="changes_lists"),
    path("<slug:slug>/lists/lay", views_lists.lay, name="changes_lay"),
    path("<slug:slug>/lists/<uuid:result_id>/", views_lists.result, name="changes_result"),
    path("<slug:slug>/lists/<uuid:result_id>/seen", views_lists.seen_to, name="changes_seen_to"),
    path("<slug:slug>/lists/<uuid:result_id>/remove", views_lists.remove, name="changes_result_remove"),
    path("<slug:slug>/lists/<uuid:result_id>/differences.csv", views_lists.differences_file, name="changes_differences_file"),
]
