"""Districts of tests, made once by the product's own functions and written again for each further test, with ids of their own.

To make one takes some sixty statements; what they left is read back once, and written again by one.
"""

import io
import json
import pickle
import random
import re
from collections.abc import Callable
from typing import Any, Protocol
from uuid import UUID

from django.apps import apps
from django.db import connection, models

from districts.models import Account, District, DistrictModel
from districts.scope import district_scope

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LOW = 48  # bits of an id that are drawn anew: its time and what orders ids of one millisecond stay


class Made(Protocol):
    district: District


class _Writer(pickle.Pickler):
    def persistent_id(self, obj: Any) -> str | None:
        return str(obj) if isinstance(obj, UUID) else None


class _Reader(pickle.Unpickler):
    def __init__(self, data: bytes, mask: int) -> None:
        super().__init__(io.BytesIO(data))
        self.mask = mask

    def persistent_load(self, pid: str) -> UUID:
        return UUID(int=UUID(pid).int ^ self.mask)


class Casting[M: Made]:
    """`make`: writes a district and all that is in it, and nothing elsewhere but sign-ins."""

    def __init__(self, make: Callable[[], M]) -> None:
        self.make = make
        self.kept: bytes = b""
        self.shared, self.rows = "", ""

    def __call__(self) -> M:
        if not connection.in_atomic_block:  # somebody may want what happens after commit
            return self.make()
        if not self.kept:
            made = self.make()
            self._keep(made)
            return made
        mask = random.getrandbits(_LOW)
        again: M = _Reader(self.kept, mask).load()
        self._write(self.shared, mask)
        with district_scope(again.district.id):
            self._write(self.rows, mask)
        return again

    def _keep(self, made: M) -> None:
        data = io.BytesIO()
        _Writer(data).dump(made)
        with district_scope(made.district.id), connection.cursor() as cursor:
            signed_in = "id IN (SELECT account_ref FROM districts_person WHERE account_ref IS NOT NULL AND district_id = %s)"
            shared = [(District, "id = %s"), (Account, signed_in)]
            within = [(model, "district_id = %s") for model in apps.get_models() if issubclass(model, DistrictModel)]
            self.shared, self.rows = (
                "; ".join(filter(None, (self._again(cursor, model, where, made.district.id) for model, where in each)))
                for each in (shared, within)
            )
        self.kept = data.getvalue()

    @staticmethod
    def _again(cursor: Any, model: type[models.Model], where: str, district_id: UUID) -> str:
        table = model._meta.db_table
        cursor.execute(f"SELECT row_to_json(t)::text FROM {table} t WHERE {where}", [district_id])
        rows = [row[0] if isinstance(row[0], str) else json.dumps(row[0]) for row in cursor.fetchall()]
        if not rows:
            return ""
        names = ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields if not field.generated)
        told = f"[{','.join(rows)}]".replace("\\", "\\\\").replace("'", "''")
        return f"INSERT INTO {table} ({names}) SELECT {names} FROM json_populate_recordset(NULL::{table}, E'{told}')"

    @staticmethod
    def _write(statements: str, mask: int) -> None:
        anew = _UUID.sub(lambda found: str(UUID(int=UUID(found[0]).int ^ mask)), statements)
        with connection.cursor() as cursor:
            cursor.execute(anew)
