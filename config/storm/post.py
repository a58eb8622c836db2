"""A mailbox at another provider, which the product reads by IMAP: a real server on loopback, that nobody kills.

The server (pymap) is only there where tests are run; where it is not installed, this door takes no part in a storm.
"""

import importlib.util
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from config.storm.running import Running, free_port, until

SERVER = Path(__file__).with_name("imap_server.py")
USER = "help@school.example"
TIMEOUT = 20.0  # seconds
# As the product's own code keeps a mailbox: its password is sealed under the product's key.
ADD = """
from districts.scope import district_scope
from districts.sealing import seal
from intake.models import Channel, Mailbox
with district_scope("{district}"):
    source = Channel.objects.get(kind="email", address="{address}")
    Mailbox.objects.create(
        source=source, host="127.0.0.1", port={port}, tls=False, username="{user}", secret=seal({{"password": "{password}"}}))
"""


def is_installed() -> bool:
    return importlib.util.find_spec("pymap") is not None


class Post:
    def __init__(self, folder: Path) -> None:
        self.port, self.password, self.folder = free_port(), secrets.token_urlsafe(12), folder

    @contextmanager
    def open(self) -> Iterator["Post"]:
        self.folder.mkdir(parents=True, exist_ok=True)
        tokens = self.folder / "tokens"
        tokens.write_text("")
        command = [sys.executable, str(SERVER), str(self.port), USER, self.password, str(tokens), "--no-tls"]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until(self._answers, what="the IMAP server")
            yield self
        finally:
            server.kill()
            server.wait(10)

    @contextmanager
    def read_by(self, product: Running, address: str, district: object) -> Iterator[None]:
        """The product reads it for one of the district's addresses as long as this goes on."""
        code = ADD.format(district=district, address=address, port=self.port, user=USER, password=self.password)
        done = product.manage("shell", "--no-imports", "-c", code)
        if done.returncode:
            raise RuntimeError(f"no mailbox was made: {done.stderr[-500:]}")
        try:
            yield
        finally:
            product.rows("DELETE FROM intake_mailbox WHERE district_id = %s AND port = %s", district, self.port)

    def bring(self, raw: bytes) -> None:
        """One more unread mail. Raises OSError where the server does not take it."""
        try:
            with self._client() as client:
                client.append("INBOX", raw)
        except IMAPClientError as error:
            raise OSError(str(error)) from error

    def unread(self) -> int:
        with self._client() as client:
            return len(client.search("UNSEEN"))

    @contextmanager
    def _client(self) -> Iterator[IMAPClient]:
        client = IMAPClient("127.0.0.1", self.port, ssl=False, timeout=TIMEOUT)
        try:
            client.login(USER, self.password)
            client.select_folder("INBOX")
            yield client
        finally:
            with suppress(OSError, IMAPClientError):
                client.shutdown()

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
