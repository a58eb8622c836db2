from django.conf import settings
from django.core.wsgi import get_wsgi_application

from config import environment
from districts.postgres import roles

environment.provide()
environment.refuse_examples()
application = get_wsgi_application()
roles.check_application_role(settings.APP_URL)
