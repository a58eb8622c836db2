"""The records of a table as digests alone, 8 bytes for what names one and 8 for what it holds; packed, and compared. Pure."""

import struct
import zlib
from dataclasses import dataclass, field

VERSION = b"1"
SIZE = 8  # bytes of a digest
_WRAPS = 1 << 64


class OtherKind(ValueError):
    """These were named by another column, or digested under another secret: they cannot be compared."""


@dataclass(frozen=True)
class Difference:
    """`changed`: None where nothing names a record, so that one that changed is one that went and one that came."""

    before: int
    added: int
    removed: int
    changed: int | None


@dataclass
class Records:
    """`kind`: a digest of what names a record: the column, and the secret that digested it."""

    kind: bytes
    held: dict[bytes, int] = field(default_factory=dict)
    rows: int = 0
    named: bool = False

    @property
    def duplicates(self) -> int:
        """Rows beyond the first of those that are named alike, or are alike."""
        return self.rows - len(self.held)

    def add(self, name: bytes, content: bytes | None = None) -> None:
        """`content`: None where the row is named by all that it holds; then it is counted."""
        self.named, self.rows = content is not None, self.rows + 1
        value = int.from_bytes(content) if content is not None else 1
        self.held[name] = (self.held.get(name, 0) + value) % _WRAPS  # in any order the same

    def pack(self) -> bytes:
        flag = b"n" if self.named else b"w"
        body = b"".join(name + value.to_bytes(SIZE) for name, value in self.held.items())
        return VERSION + flag + self.kind + struct.pack(">I", self.rows) + zlib.compress(body, 1)

    @classmethod
    def unpack(cls, packed: bytes) -> "Records":
        """Raises OtherKind."""
        head = 2 + SIZE + 4
        if len(packed) < head or packed[:1] != VERSION:
            raise OtherKind("written by another version")
        try:
            body = zlib.decompress(packed[head:])
        except zlib.error as error:
            raise OtherKind("cannot be read") from error
        held = {body[at : at + SIZE]: int.from_bytes(body[at + SIZE : at + 2 * SIZE]) for at in range(0, len(body), 2 * SIZE)}
        return cls(packed[2 : 2 + SIZE], held, struct.unpack(">I", packed[2 + SIZE : head])[0], packed[1:2] == b"n")

    def since(self, before: "Records") -> Difference:
        """What came, went and changed. Raises OtherKind."""
        if self.kind != before.kind or (self.named != before.named and self.held and before.held):
            raise OtherKind("named by another column")
        return self._by_name(before) if self.named or before.named else self._whole(before)

    def _by_name(self, before: "Records") -> Difference:
        came, went = self.held.keys() - before.held.keys(), before.held.keys() - self.held.keys()
        changed = sum(1 for name, value in self.held.items() if before.held.get(name, value) != value)
        return Difference(before.rows, len(came), len(went), changed)

    def _whole(self, before: "Records") -> Difference:
        came = sum(max(0, count - before.held.get(row, 0)) for row, count in self.held.items())
        went = sum(max(0, count - self.held.get(row, 0)) for row, count in before.held.items())
        return Difference(before.rows, came, went, None)
