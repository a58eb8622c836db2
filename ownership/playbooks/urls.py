from django.urls import path

from ownership.playbooks import views, views_keeping, views_line

urlpatterns = [
    path("", views.playbooks, name="playbooks"),
    path("line/<str:token>/", views_line.line_page, name="playbook_line"),
    path("runs/<uuid:run_id>/", views.run, name="playbook_run"),
    path("runs/<uuid:run_id>/sign", views.sign, name="playbook_sign"),
    path("runs/<uuid:run_id>/stop", views.stop, name="playbook_stop"),
    path("steps/<uuid:step_id>/done", views.step_done, name="playbook_step_done"),
    path("steps/<uuid:step_id>/skip", views.step_skip, name="playbook_step_skip"),
    path("steps/<uuid:step_id>/give", views.step_give, name="playbook_step_give"),
    path("files/<uuid:file_id>", views.step_file, name="playbook_step_file"),
    path("new", views_keeping.new, name="playbook_new"),
    path("use/<slug:slug>", views_keeping.use, name="playbook_use"),
    path("kept/<slug:slug>/", views.kept, name="playbook"),
    path("kept/<slug:slug>/start", views.start, name="playbook_start"),
    path("kept/<slug:slug>/edit", views_keeping.edit, name="playbook_edit"),
    path("kept/<slug:slug>/steps/new", views_keeping.step, name="playbook_kept_step_new"),
    path("kept/<slug:slug>/steps/<uuid:step_id>/", views_keeping.step, name="playbook_kept_step"),
    path("kept/<slug:slug>/steps/<uuid:step_id>/move", views_keeping.step_move, name="playbook_kept_step_move"),
    path("kept/<slug:slug>/steps/<uuid:step_id>/remove", views_keeping.step_remove, name="playbook_kept_step_remove"),
]
