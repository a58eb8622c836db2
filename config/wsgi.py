from django.core.wsgi import get_wsgi_application

from config import environment

environment.provide()
application = get_wsgi_application()
