"""How well names of people nobody has told us of are found."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from knowledge.redaction import names
from knowledge.redaction.fitting import Fitter
from knowledge.redaction.judging import figures, judge
from knowledge.redaction.sets import Labelled, read


class Command(BaseCommand):
    help = (
        "Reads labelled texts (the format of requests.dev.jsonl, or of presidio-research), redacts them with no roster and tells how"
        " much of the names was taken out, and how many words that are nobody's. --fit fits the weights anew from the sets first."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("sets", nargs="+", type=Path)
        parser.add_argument("--half", type=int, choices=(0, 1), help="judge one half of each set; with --fit the other is learned from")
        parser.add_argument("--fit", action="store_true", help="print figures by weights fitted now")
        parser.add_argument("--articles", type=Path, help="with --fit: a folder of Markdown in which nobody is named")
        parser.add_argument("--write", action="store_true", help="with --fit: keep the weights")
        parser.add_argument("--show", action="store_true", help="print what was missed and what was taken out needlessly")

    def handle(self, *args: Any, **options: Any) -> None:
        sets = {file: _read(file) for file in options["sets"]}
        if options["fit"]:
            self._fit(
                [row for rows in sets.values() for row in rows if options["half"] is None or row.half != options["half"]], options
            )
        for file, rows in sets.items():
            tally = judge(row for row in rows if options["half"] is None or row.half == options["half"])
            self.stdout.write(json.dumps({"set": file.name, **figures(tally)}))
            if options["show"]:
                self.stdout.write(f"  missed: {tally.missed}\n  needless: {tally.needless.most_common(80)}")

    def _fit(self, rows: list[Labelled], options: dict[str, Any]) -> None:
        folder: Path | None = options["articles"]
        articles = [file.read_text("utf-8") for file in sorted(folder.glob("*.md"))] if folder else []
        weights = Fitter().fit(rows, articles)
        if options["write"]:
            names.FILE.write_text(json.dumps(weights, ensure_ascii=False, indent=0) + "\n", "utf-8")
        names.use(weights)


def _read(file: Path) -> list[Labelled]:
    try:
        return read(file)
    except (OSError, ValueError, KeyError) as error:
        raise CommandError(f"{file}: {error!r}") from error
