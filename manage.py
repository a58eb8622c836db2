#!/usr/bin/env python
import sys

import psycopg
from django.core.management import execute_from_command_line
from django.db import OperationalError

from config import environment

if __name__ == "__main__":
    try:
        environment.provide(database=sys.argv[1:2] not in (["parse_mail"], ["intents"]))
        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        sys.exit(130)
    except (OperationalError, psycopg.OperationalError) as error:
        if not str(error).startswith(("connection failed", "failed to resolve")):
            raise
        sys.exit(f"The database does not answer: {str(error).splitlines()[0]}")
