"""Counters that all processes share, kept by Redis; while it is away each process counts for itself (docs/decisions/counters.md)."""

import json
import time
from typing import Any

import structlog
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

REST = 5.0  # seconds this process leaves a server alone that did not answer
PATIENCE = 0.5  # seconds to connect, and to wait for an answer
log = structlog.get_logger(__name__)
_away_until: dict[str, float] = {}  # by server: Django makes one cache for each thread, and they rest together


class JsonSerializer:
    """Numbers, words and lists. Not pickle: whoever could write to the broker would run code in our processes."""

    def dumps(self, value: Any) -> int | bytes:
        return value if type(value) is int else json.dumps(value).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)


class CountersCache(BaseCache):
    """Django's Redis cache that never raises for a server that is away, and empties only what is its own."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        options = {
            "serializer": JsonSerializer, "socket_connect_timeout": PATIENCE, "socket_timeout": PATIENCE,
            "retry": Retry(NoBackoff(), 1),  # a connection that a restarted server has closed is taken anew
        }  # fmt: skip
        self._server = server
        self._shared = RedisCache(server, {**params, "OPTIONS": options})
        self._own = LocMemCache(f"{server} while away", params)

    def _ask(self, method: str, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= _away_until.get(self._server, 0.0):
            try:
                return getattr(self._shared, method)(*args, **kwargs)
            except (RedisError, OSError) as error:
                _away_until[self._server] = time.monotonic() + REST
                log.warning("counters_away", error=type(error).__name__)
        return getattr(self._own, method)(*args, **kwargs)

    def add(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("add", *args, **kwargs)

    def get(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("get", *args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("set", *args, **kwargs)

    def touch(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("touch", *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("delete", *args, **kwargs)

    def incr(self, *args: Any, **kwargs: Any) -> Any:
        """Raises ValueError for a key that is not there."""
        return self._ask("incr", *args, **kwargs)

    def has_key(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("has_key", *args, **kwargs)

    def clear(self) -> None:
        """Django's own would empty the whole server, the broker's queues with it."""
        self._own.clear()
        try:
            client = self._shared._cache.get_client(None, write=True)
            for key in client.scan_iter(match=f"{self.key_prefix}:*", count=1000):
                client.delete(key)
        except (RedisError, OSError) as error:
            log.warning("counters_away", error=type(error).__name__)
