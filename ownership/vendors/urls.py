from django.urls import path

from ownership.vendors import views, views_checks, views_cutoffs

urlpatterns = [
    path("", views.vendors, name="vendors"),
    path("new", views.edit, name="vendor_new"),
    path("ack/<str:token>/", views_cutoffs.acknowledge, name="vendor_ack"),
    path("fields/", views_checks.fields, name="vendor_fields"),
    path("fields/begin", views_checks.fields_begin, name="vendor_fields_begin"),
    path("fields/new", views_checks.field, name="vendor_field_new"),
    path("fields/<uuid:field_id>", views_checks.field, name="vendor_field"),
    path("fields/<uuid:field_id>/remove", views_checks.field_remove, name="vendor_field_remove"),
    path("<slug:slug>/", views.vendor, name="vendor"),
    path("<slug:slug>/edit", views.edit, name="vendor_edit"),
    path("<slug:slug>/onboarding", views.begin, name="vendor_begin"),
    path("<slug:slug>/live", views.make_live, name="vendor_live"),
    path("<slug:slug>/pack/", views.pack, name="vendor_pack"),
    path("<slug:slug>/specs/", views_checks.spec_new, name="vendor_spec_new"),
    path("<slug:slug>/specs/<uuid:check_id>/", views_checks.spec, name="vendor_spec"),
    path("<slug:slug>/samples/", views_checks.sample_new, name="vendor_sample_new"),
    path("<slug:slug>/samples/<uuid:pack_id>/", views_checks.sample, name="vendor_sample"),
    path("<slug:slug>/samples/<uuid:pack_id>/<slug:which>.csv", views_checks.sample_file, name="vendor_sample_file"),
    path("<slug:slug>/cut-offs/new", views_cutoffs.cutoff, name="vendor_cutoff_new"),
    path("<slug:slug>/cut-offs/<uuid:cutoff_id>", views_cutoffs.cutoff, name="vendor_cutoff"),
    path("<slug:slug>/cut-offs/<uuid:cutoff_id>/remove", views_cutoffs.cutoff_remove, name="vendor_cutoff_remove"),
]
