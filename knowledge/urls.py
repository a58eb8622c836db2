from django.urls import path

from knowledge import views
from knowledge.model.views import written

urlpatterns = [
    path("", views.articles, name="articles"),
    path("written/<uuid:answer_id>/", written, name="answer_written"),
    path("<slug:slug>/", views.article, name="article"),
]
