from django.urls import path

from intake.setup import addresses, overview, people

urlpatterns = [
    path("", overview.overview, name="setup"),
    path("people/", people.people, name="setup_people"),
    path("people/new", people.person, name="setup_person_new"),
    path("people/<uuid:person_id>/", people.person, name="setup_person"),
    path("addresses/", addresses.addresses, name="setup_addresses"),
    path("addresses/new", addresses.address, name="setup_address_new"),
    path("addresses/<uuid:channel_id>/", addresses.address, name="setup_address"),
    path("addresses/<uuid:channel_id>/switch", addresses.address_switch, name="setup_address_switch"),
]
