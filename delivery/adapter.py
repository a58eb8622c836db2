"""Sign-in mail goes out as deliveries of the district, so that it is kept, retried and seen like any other."""

from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):
    pass
