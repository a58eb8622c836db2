#!/usr/bin/env python
import sys

from django.core.management import execute_from_command_line

from config import environment

if __name__ == "__main__":
    environment.provide()
    execute_from_command_line(sys.argv)
