"""What the formats of the API's description mean in the cast's district, for schemathesis (a hook of its command line)."""

import os

import schemathesis
from hypothesis import strategies as st

CONTACTS = ("pat@cedar-family.example", "new@family.example", "(916) 555-0144", "+44 20 7946 0958")

schemathesis.openapi.format("contact", st.sampled_from(CONTACTS))
schemathesis.openapi.format("service-slug", st.sampled_from(("bus-late", "password-reset")))
schemathesis.openapi.format("site-code", st.just("MRE"))
schemathesis.openapi.format("file-handle", st.just(os.environ["API_FILE_HANDLE"]))
