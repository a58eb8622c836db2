#!/bin/sh
# Run one process of the Procfile by its name ("web"), or any other command as it is.
set -eu
line=$(sed -n "s/^$1: //p" Procfile)
if [ -n "$line" ]; then
    exec sh -c "exec $line"
fi
exec "$@"
