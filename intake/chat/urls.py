"""Addresses of the chat. Included by `intake.urls`."""

from django.urls import path

from intake.chat import views, widget

urlpatterns = [
    path("widget.js", widget.script, name="widget"),
    path("chat/", views.page, name="chat_page"),
    path("chat/panel", views.panel, name="chat_panel"),
    path("chat/say", views.say, name="chat_say"),
    path("chat/helped", views.helped, name="chat_helped"),
    path("chat/person", views.person, name="chat_person"),
    path("chat/news", views.news, name="chat_news"),
    path("chat/c/<str:token>", views.chat, name="chat"),
]
