"""A real IMAP server for tests and storms.

`python config/storm/imap_server.py PORT USER PASSWORD TOKEN_FILE [more options of pymap before the backend]`

pymap keeps mail in memory. It learns here to take access tokens (XOAUTH2): those that stand in TOKEN_FILE, one a line, at that time.
"""

import sys
from pathlib import Path
from typing import Any

from pymap.backend.dict import Login
from pymap.config import IMAPConfig
from pymap.exceptions import InvalidAuth
from pymap.main import main
from pysasl import SASLAuth
from pysasl.creds.external import ExternalCredentials, ExternalVerificationRequired
from pysasl.mechanism.oauth import OAuth2Mechanism


def run(port: str, user: str, password: str, token_file: str, *options: str) -> None:
    by_password = Login.authenticate

    async def authenticate(self: Login, credentials: Any) -> Any:
        if not isinstance(credentials, ExternalCredentials):
            return await by_password(self, credentials)
        try:
            credentials.verify(None)
        except ExternalVerificationRequired as asked:
            if credentials.authzid == user and asked.token in Path(token_file).read_text().split():
                return self.demo_user_identity
        raise InvalidAuth

    mechanisms = property(lambda self: SASLAuth([*SASLAuth.defaults().server_mechanisms, OAuth2Mechanism()]))
    Login.authenticate = authenticate  # type: ignore[method-assign]
    IMAPConfig.tls_auth = mechanisms  # type: ignore[assignment,method-assign]
    IMAPConfig.initial_auth = mechanisms  # type: ignore[assignment,method-assign]
    sys.argv = ["pymap", "--host", "127.0.0.1", "--port", port, *options, "dict", "--demo-user", user, "--demo-password", password]
    main()


if __name__ == "__main__":
    run(*sys.argv[1:])
