from django.urls import include, path

from knowledge.keeping import views, views_editor

urlpatterns = [
    path("", views.kept_articles, name="kept_articles"),
    path("new", views_editor.article_new, name="kept_article_new"),
    path("preview", views_editor.article_preview, name="kept_article_preview"),
    path("import", views_editor.article_import, name="kept_articles_import"),
    path("gaps/", include("knowledge.gaps.urls")),
    path("<uuid:article_id>/", views.kept_article, name="kept_article"),
    path("<uuid:article_id>/edit", views_editor.article_edit, name="kept_article_edit"),
    path("<uuid:article_id>/versions/<int:number>/", views.article_version, name="kept_article_version"),
    path("<uuid:article_id>/<slug:act>", views.article_act, name="kept_article_act"),
]
