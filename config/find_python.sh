#!/bin/sh
# Print a Python 3.12 or newer that really runs and can make environments. Shims of a version manager that has no such version fail
# when they are started, so each candidate is tried.
IFS=:
for name in python3.14 python3.13 python3.12 python3; do
    for folder in $PATH "$HOME/.local/bin" /usr/local/bin /usr/bin; do
        if [ -x "$folder/$name" ] && "$folder/$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then
            echo "$folder/$name"
            exit 0
        fi
    done
done
for found in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[2-9]*/bin/python3; do
    if [ -x "$found" ] && "$found" -c 'import venv, ensurepip' 2>/dev/null; then
        echo "$found"
        exit 0
    fi
done
echo "No Python 3.12 or newer was found (with its venv module). Install one: https://www.python.org/downloads/" >&2
exit 1
