from django.urls import path

from intake.setup import addresses, chat, mailboxes, numbers, overview, people, questions, same_people, stickers

urlpatterns = [
    path("", overview.overview, name="setup"),
    path("people/", people.people, name="setup_people"),
    path("people/new", people.person, name="setup_person_new"),
    path("people/merge/", same_people.same_people, name="setup_same_people"),
    path("people/<uuid:person_id>/same", same_people.same_as, name="setup_same_as"),
    path("people/<uuid:person_id>/", people.person, name="setup_person"),
    path("mailboxes/new", mailboxes.mailbox, name="setup_mailbox_new"),
    path("mailboxes/consented", mailboxes.mailbox_consented, name="setup_mailbox_consented"),
    path("mailboxes/<uuid:mailbox_id>/", mailboxes.mailbox, name="setup_mailbox"),
    path("mailboxes/<uuid:mailbox_id>/state", mailboxes.mailbox_state, name="setup_mailbox_state"),
    path("mailboxes/<uuid:mailbox_id>/switch", mailboxes.mailbox_switch, name="setup_mailbox_switch"),
    path("mailboxes/<uuid:mailbox_id>/consent", mailboxes.mailbox_consent, name="setup_mailbox_consent"),
    path("chat/", chat.chat, name="setup_chat"),
    path("services/<uuid:service_id>/questions/", questions.questions, name="setup_questions"),
    path("services/<uuid:service_id>/questions/new", questions.question, name="setup_question_new"),
    path("services/<uuid:service_id>/questions/<uuid:question_id>/", questions.question, name="setup_question"),
    path("services/<uuid:service_id>/questions/<uuid:question_id>/move", questions.question_move, name="setup_question_move"),
    path("services/<uuid:service_id>/questions/<uuid:question_id>/remove", questions.question_remove, name="setup_question_remove"),
    path("sites/<uuid:site_id>/stickers/", stickers.stickers, name="setup_stickers"),
    path("numbers/", numbers.all_numbers, name="setup_numbers"),
    path("numbers/new", numbers.number, name="setup_number_new"),
    path("numbers/<uuid:channel_id>/", numbers.number, name="setup_number"),
    path("numbers/<uuid:channel_id>/switch", numbers.number_switch, name="setup_number_switch"),
    path("addresses/", addresses.addresses, name="setup_addresses"),
    path("addresses/new", addresses.address, name="setup_address_new"),
    path("addresses/<uuid:channel_id>/", addresses.address, name="setup_address"),
    path("addresses/<uuid:channel_id>/switch", addresses.address_switch, name="setup_address_switch"),
]
