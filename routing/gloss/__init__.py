"""Words of other languages in English, one by one: so that what only reads English can tell what a message is about."""
