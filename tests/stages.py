"""Every check and test, one stage after the other, with the time of each. `python tests/stages.py unit journeys` runs some.

The last line sums what pytest counted: "N passed, N failed".

Tests that drive the whole product share a machine with it. Where at most three of a stage fail, those are run once more, and what
passed only then is named above the last line: it is a race, in the test or in the product, and to be mended.
"""

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
COUNTED = re.compile(r"(\d+) (passed|failed|errors?|skipped)")
FAILED = re.compile(r"(?:FAILED|ERROR) (tests/\S+::[^\s\[]+(?:\[.*?\])?)(?: - |$)")
FEW, SOME_FAILED = 3, 1  # pytest's own exit code
MANAGE = f"'{sys.executable}' manage.py"
PYTEST = [sys.executable, "-m", "pytest"]


@dataclass
class Stage:
    name: str
    command: list[str]
    what: str
    again: bool = False  # a few that fail are run once more

    @property
    def counts(self) -> bool:
        return "pytest" in self.command


MADE = ("build_static", "build_embedder", "build_phrases")
STAGES = [
    Stage("static", ["sh", "-c", " && ".join(f"{MANAGE} {made}" for made in MADE)], "browser packages, static files, embedder"),
    Stage("lint", [str(BIN / "ruff"), "check"], "style"),
    Stage("format", [str(BIN / "ruff"), "format", "--check"], "format"),
    Stage("types", [str(BIN / "mypy"), "."], "types"),
    Stage("floors", [str(BIN / "lint-imports")], "imports go down, private modules stay private"),
    Stage("house", [*PYTEST, "tests/test_house.py"], "house rules"),
    Stage(
        "unit",
        [*PYTEST, "--numprocesses=2", "--dist=loadfile", *(f"--ignore=tests/{n}" for n in ("journeys", "browser", "test_house.py"))],
        "everything that needs no other process of ours",
    ),
    Stage("journeys", [*PYTEST, "tests/journeys"], "HTTP, SMTP and SMS against the real servers", again=True),
    Stage("isolation", ["sh", "-c", f"{MANAGE} prepare --no-static -v0 && {MANAGE} check_isolation"], "no hole between districts"),
    Stage("browser", [*PYTEST, "tests/browser"], "a real Chromium", again=True),
    Stage("bench", [sys.executable, "manage.py", "bench", "--smoke"], "every measurement, tiny"),
]


@dataclass
class Outcome:
    stage: Stage
    code: int
    seconds: float
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list[str] = field(default_factory=list)  # node ids
    second_time: list[str] = field(default_factory=list)  # failed, and passed when run once more


def run(stage: Stage) -> Outcome:
    """Show the stage's output as it comes, and count what pytest closes with."""
    print(f"\n=== {stage.name}: {stage.what}", flush=True)
    outcome = _run(stage, stage.command)
    if stage.again and outcome.code == SOME_FAILED and 0 < len(outcome.failures) <= FEW:
        print(f"\n--- {stage.name}: once more, {len(outcome.failures)} that failed", flush=True)
        second = _run(stage, [*PYTEST, *outcome.failures])
        outcome.seconds += second.seconds
        if second.code == 0 and second.passed == len(outcome.failures):
            outcome.code, outcome.second_time, outcome.failed = 0, outcome.failures, 0
            outcome.passed += second.passed
    return outcome


def _run(stage: Stage, command: list[str]) -> Outcome:
    began, last, failures = time.monotonic(), "", []
    with subprocess.Popen(command, cwd=ROOT, env=environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            if COUNTED.search(line) and " in " in line:
                last = line
            if failed := FAILED.match(line):
                failures.append(failed[1])
    outcome = Outcome(stage, process.returncode, time.monotonic() - began, failures=failures)
    if stage.counts:
        for number, word in COUNTED.findall(last):
            name = "failed" if word.startswith("error") else word
            setattr(outcome, name, getattr(outcome, name) + int(number))
    return outcome


def environment() -> dict[str, str]:
    """The tests' own servers, kept up from the first stage to the last by this process's children in turn."""
    env = dict(os.environ)
    env.setdefault("EMBEDDED_HOME", str(ROOT / "var" / "embedded-test"))
    env.setdefault("EMBEDDED_PG_OPTIONS", "fsync=off synchronous_commit=off full_page_writes=off")
    return env


def main(names: list[str]) -> int:
    unknown = set(names) - {stage.name for stage in STAGES}
    if unknown:
        print(f"no such stage: {', '.join(sorted(unknown))}; there are: {', '.join(s.name for s in STAGES)}")
        return 2
    outcomes = [run(stage) for stage in STAGES if not names or stage.name in names]
    print("\n=== stages")
    for outcome in outcomes:
        print(f"{'ok' if outcome.code == 0 else 'FAILED':7} {outcome.seconds:6.1f} s  {outcome.stage.name}")
    for test in (test for outcome in outcomes for test in outcome.second_time):
        print(f"RACE    passed only the second time: {test}")
    broken = [o.stage.name for o in outcomes if o.code]
    print(f"{sum(o.seconds for o in outcomes):14.1f} s  in all" + (f"; failed: {', '.join(broken)}" if broken else ""))
    if any(o.stage.counts for o in outcomes):
        failed = sum(o.failed for o in outcomes) + sum(1 for o in outcomes if o.code and not o.failed)
        skipped = sum(o.skipped for o in outcomes)
        print(f"{sum(o.passed for o in outcomes)} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
