#!/usr/bin/env python3
"""Follow a log file, and tell a feed when a line says that something ran, or failed.

    python3 watch_log.py /var/log/sync.log --ping https://help.school.example/matrix/ping/TOKEN \\
        --ok "sync finished: (?P<rows>[0-9]+) rows" --failed "ERROR|could not connect"

Needs Python 3.8 or newer, and nothing else. It remembers its place (in a file beside the log, or --place), so that it may be stopped
and started, and goes on where a log is rotated or emptied. What cannot be told now is told later, in order, under the same name of its
run, so that it counts once. --once: read what is new, tell it, and end; for a scheduled job instead of a service.

Named groups of a pattern that hold a number are told as counts: (?P<rows>[0-9]+). Failure wins where a line fits both.
"""

import argparse
import hashlib
import json
import os
import re
import sys
import time
import urllib.error
import urllib.request

LONGEST_LINE = 64 * 1024  # bytes; of a longer one the beginning is looked at
LONGEST_NOTE = 300
MARK = 256  # bytes of the beginning of a file by which it is known again
MOST_WAITING = 1000  # lines that wait to be told; the newest are kept


def say(text):
    sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")
    sys.stderr.flush()


class Place:
    """Where in the log we are, and what waits to be told; written to a file at once, and never by halves."""

    def __init__(self, path):
        self.path = path
        self.told = {"inode": 0, "offset": 0, "mark": "", "waiting": []}
        try:
            with open(path, encoding="utf-8") as file:
                self.told.update(json.load(file))
            self.known = True
        except (OSError, ValueError):
            self.known = False

    def save(self):
        half = self.path + ".new"
        with open(half, "w", encoding="utf-8") as file:
            json.dump(self.told, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(half, self.path)


class Watcher:
    def __init__(self, options):
        self.log = options.log
        self.ping = options.ping.rstrip("/")
        self.ok = re.compile(options.ok) if options.ok else None
        self.failed = re.compile(options.failed) if options.failed else None
        self.from_start = options.from_start
        self.timeout = options.timeout
        self.place = Place(options.place or options.log + ".place")

    # --- reading

    def look(self):
        """Read what is new, and remember the place."""
        try:
            with open(self.log, "rb") as file:
                self.look_into(file, os.fstat(file.fileno()))
        except FileNotFoundError:  # between two files of a rotation, or not written yet: then all of it will be new
            if not self.place.known:
                self.place.known = True
                self.place.save()
        except OSError as error:
            say(f"{self.log} cannot be read ({error}); tried again")

    def look_into(self, file, state):
        told = self.place.told
        if not self.place.known:
            self.begin(file, state)
        before = dict(told)
        if self.is_another(file, state):
            self.rest_of_the_old(state)
            told.update(offset=0, mark="")
        told["inode"] = state.st_ino
        self.read(file)
        told["mark"] = self.mark(file, told["offset"])
        if told != before or told["waiting"]:
            self.place.save()

    def begin(self, file, state):
        """For the first time: from the end, unless told otherwise; what was written long ago is no news."""
        at = 0 if self.from_start else state.st_size
        self.place.told.update(inode=state.st_ino, offset=at, mark=self.mark(file, at))
        self.place.known = True
        self.place.save()

    def is_another(self, file, state):
        """Rotated (another file), or emptied and written anew."""
        told = self.place.told
        if state.st_size < told["offset"] or (told["inode"] and state.st_ino != told["inode"]):
            return True
        return bool(told["mark"]) and self.mark(file, told["offset"]) != told["mark"]

    def mark(self, file, upto):
        file.seek(0)
        return hashlib.sha256(file.read(min(MARK, upto))).hexdigest() if upto else ""

    def rest_of_the_old(self, state):
        """What was written to the file before it was renamed: the newest neighbour that is it."""
        folder, name = os.path.split(os.path.abspath(self.log))
        for other in sorted(os.listdir(folder)):
            path = os.path.join(folder, other)
            if not other.startswith(name) or path == os.path.abspath(self.log):
                continue
            try:
                if os.stat(path).st_ino == self.place.told["inode"] != state.st_ino:
                    with open(path, "rb") as file:
                        self.read(file, whole=True)
                    return
            except OSError:
                continue

    def read(self, file, whole=False):
        """Whole lines from our place on; one that is still being written waits, unless nothing more will come."""
        told = self.place.told
        file.seek(told["offset"])
        while True:
            line = file.readline(LONGEST_LINE)
            if not line or (not line.endswith(b"\n") and len(line) < LONGEST_LINE and not whole):
                return
            at = told["offset"]
            told["offset"] += len(line)
            self.hear(line.decode("utf-8", "replace").rstrip("\r\n"), at)

    def hear(self, line, at):
        for outcome, pattern in (("failed", self.failed), ("ok", self.ok)):
            found = pattern.search(line) if pattern else None
            if found:
                counts = {name: number(value) for name, value in found.groupdict().items()}
                run = "log:" + hashlib.sha256(f"{self.place.told['inode']} {at} {line}".encode()).hexdigest()[:40]
                body = {"outcome": outcome, "note": " ".join(line.split())[:LONGEST_NOTE], "run": run}
                body["counts"] = {name: value for name, value in counts.items() if value is not None}
                waiting = self.place.told["waiting"]
                waiting.append(body)
                del waiting[:-MOST_WAITING]
                return

    # --- telling

    def tell(self):
        """What waits, in order. False: it could not be told now, and waits on."""
        waiting = self.place.told["waiting"]
        while waiting:
            if not self.send(waiting[0]):
                return False
            waiting.pop(0)
            self.place.save()
        return True

    def send(self, body):
        """True: it was taken, or will never be."""
        data = json.dumps(body).encode("utf-8")
        request = urllib.request.Request(self.ping, data=data, headers={"Content-Type": "application/json"}, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=self.timeout):
                say(f"told: {body['outcome']}: {body['note']}")
                return True
        except urllib.error.HTTPError as error:
            if error.code == 423:
                say(f"held, somebody is asked: {body['note']}")
                return True
            if error.code in (400, 413):
                say(f"not understood ({error.code}), left out: {body['note']}")
                return True
            say(f"{self.ping.rpartition('/')[0]} answers {error.code}; tried again")
        except OSError as error:
            say(f"{self.ping.rpartition('/')[0]} is not to be had ({error}); tried again")
        return False


def number(text):
    """None where it is none."""
    try:
        value = float((text or "").replace(",", ""))
    except ValueError:
        return None
    if not abs(value) < 1e15:
        return None
    return int(value) if value == int(value) else value


def options_of(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("log", help="the log file")
    parser.add_argument("--ping", required=True, help="the feed's ping address")
    parser.add_argument("--ok", help="pattern of a line that says that it ran")
    parser.add_argument("--failed", help="pattern of a line that says that it failed")
    parser.add_argument("--place", help="file that remembers the place; default: <log>.place")
    parser.add_argument("--from-start", action="store_true", help="the first time, read what stands there already")
    parser.add_argument("--once", action="store_true", help="read what is new, tell it, and end (1: it could not be told)")
    parser.add_argument("--every", type=float, default=2.0, help="seconds between two looks")
    parser.add_argument("--timeout", type=float, default=20.0, help="seconds that the server may take")
    options = parser.parse_args(arguments)
    if not (options.ok or options.failed):
        parser.error("--ok or --failed, or both")
    if not options.ping.startswith(("https://", "http://")):
        parser.error("--ping is an address that begins with https://")
    return options


def main(arguments=None):
    options = options_of(arguments)
    watcher, wait = Watcher(options), options.every
    while True:
        watcher.look()
        told = watcher.tell()
        if options.once:
            return 0 if told else 1
        wait = options.every if told else min(wait * 2, 300)
        time.sleep(wait)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
