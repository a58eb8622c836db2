"""Outages at the desk."""

from django.urls import path

from incidents.views import desk, hunches, paper, reviewing, steps

urlpatterns = [
    path("", desk.outages, name="incidents"),
    path("new", desk.declare, name="incident_new"),
    path("offers/<uuid:offer_id>/decline", desk.decline, name="incident_decline"),
    path("hunches/<uuid:hunch_id>/dismiss", hunches.dismiss, name="incident_dismiss"),
    path("beside/<uuid:ticket_id>/", desk.beside, name="incident_beside"),
    path("<uuid:incident_id>/", desk.outage, name="incident"),
    path("<uuid:incident_id>/update", desk.update, name="incident_update"),
    path("<uuid:incident_id>/words", desk.words, name="incident_words"),
    path("<uuid:incident_id>/scope", desk.scope, name="incident_scope"),
    path("<uuid:incident_id>/related", desk.add_related, name="incident_related"),
    path("<uuid:incident_id>/command", desk.command, name="incident_command"),
    path("<uuid:incident_id>/decide", desk.decide, name="incident_decide"),
    path("<uuid:incident_id>/link", desk.link, name="incident_link"),
    path("<uuid:incident_id>/unlink", desk.unlink, name="incident_unlink"),
    path("<uuid:incident_id>/answer", desk.answer, name="incident_answer"),
    path("<uuid:incident_id>/resolve", desk.resolve, name="incident_resolve"),
    path("<uuid:incident_id>/steps/<uuid:task_id>/", steps.task, name="incident_task"),
    path("<uuid:incident_id>/paper/", paper.papers, name="incident_paper"),
    path("<uuid:incident_id>/paper/issue", paper.issue, name="incident_issue"),
    path("<uuid:incident_id>/paper/settle", paper.settle, name="incident_settle"),
    path("<uuid:incident_id>/paper/<uuid:site_id>/<slug:slug>/", paper.printed, name="incident_printed"),
    path("<uuid:incident_id>/review/", reviewing.review, name="incident_review"),
]
