from django.conf import settings
from django.core.wsgi import get_wsgi_application

from config import database, environment

environment.provide()
application = get_wsgi_application()
database.check_application_role(settings.APP_URL)
