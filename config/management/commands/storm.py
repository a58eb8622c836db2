import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.environment import ROOT
from config.storm.blow import Outcome, Storm, blow
from config.storm.killing import NAMES
from config.storm.outside import MailServer, Twilio
from config.storm.proof import MOST_REPEATED
from config.storm.running import Running, free_port

COLUMNS = ("sent", "tries", "accepted", "refused", "tickets", "messages")
SHOWN = 20  # complaints


class Command(BaseCommand):
    help = (
        "Send everything by every door of a product of its own, kill its processes meanwhile, and prove from the senders' log that what"
        " was accepted is there, once. Exits 1 where anything is lost or double."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--events", type=int, default=5000)
        parser.add_argument("--kill", default="worker,redis,postgres,web", help=f"Of {', '.join(NAMES)}; an empty word kills nobody.")
        parser.add_argument("--kill-every", type=float, default=6.0, metavar="SECONDS")
        parser.add_argument("--seed", type=int, default=0, help="The same seed sends the same; 0 draws one.")
        parser.add_argument("--rate", type=float, default=30.0, help="Events a second.")
        parser.add_argument("--senders", type=int, default=8, help="That send at once.")
        parser.add_argument("--keep", action="store_true", help="Leave the databases as they are in the end.")

    def handle(self, *args: Any, **options: Any) -> None:
        names = [name for name in options["kill"].split(",") if name]
        if unknown := sorted(set(names) - set(NAMES)):
            raise CommandError(f"cannot kill {', '.join(unknown)}; there are {', '.join(NAMES)}")
        if options["events"] < 1 or options["rate"] <= 0 or options["kill_every"] <= 0 or options["senders"] < 1:
            raise CommandError("give numbers above 0")
        seed = options["seed"] or int(time.time()) % 0xFFFF
        storm = Storm(
            events=options["events"], seed=seed, names=names, rate=options["rate"], senders=options["senders"],
            kill_every=options["kill_every"], say=self._say,
        )  # fmt: skip
        self._say(f"storm of {storm.events:,} events, seed {seed}, killing {', '.join(names) or 'nobody'}")
        outcome = self._run(storm, keep=options["keep"])
        self._show(storm, outcome)
        if not outcome.verdict.holds:
            raise CommandError("it does not hold")

    def _run(self, storm: Storm, *, keep: bool) -> Outcome:
        folder = ROOT / "var" / "storm" / f"{storm.seed}-{int(time.time())}"
        with MailServer(free_port()) as mail, Twilio(free_port()) as twilio:
            product = Running("storm", mail=mail, twilio=twilio, BEHIND_PROXY="1")  # each sender has an address of its own
            product.log.unlink(missing_ok=True)
            product.fresh()
            try:
                self._say("the product starts …")
                product.start()
                return blow(product, storm, folder)
            finally:
                product.stop()
                self._say(f"logs of the senders and of what came back: {folder}; of the product: {product.log}")
                if not keep:
                    product.fresh()

    def _show(self, storm: Storm, outcome: Outcome) -> None:
        verdict = outcome.verdict
        self._say("\n" + f"{'':22}" + "".join(f"{name:>10}" for name in COLUMNS))
        for kind, row in sorted(verdict.by_kind.items()):
            self._say(f"{kind:22}" + "".join(f"{row[name] or '':>10}" for name in COLUMNS))
        for complaint in verdict.complaints[:SHOWN]:
            self._say(f"! {complaint}")
        if len(verdict.complaints) > SHOWN:
            self._say(f"! and {len(verdict.complaints) - SHOWN} more")
        sign = "=" if verdict.adds_up else "≠"
        self._say(
            f"\naccepted {verdict.accepted:,} {sign} {verdict.tickets:,} tickets + {verdict.messages:,} messages"
            f" + {verdict.screened:,} screened + {verdict.parked:,} parked, with {verdict.files:,} files;"
            f" lost {verdict.lost}, double {verdict.double}"
        )
        self._say(
            f"acknowledged {verdict.acknowledged:,}, again with the same Message-ID {verdict.repeated}"
            f" (at most {MOST_REPEATED:.0%}), texts that may have been sent {verdict.unsure}"
        )
        self._say(json.dumps(_summary(storm, outcome)))

    def _say(self, words: str) -> None:
        self.stdout.write(words)
        self.stdout.flush()


def _summary(storm: Storm, outcome: Outcome) -> dict[str, Any]:
    verdict = outcome.verdict
    names = (
        "sent", "tries", "accepted", "refused", "never_answered", "left_out", "tickets", "messages", "screened", "parked",
        "files", "lost", "double", "acknowledged", "repeated", "unsure",
    )  # fmt: skip
    return {
        "storm": storm.events, "seed": storm.seed, **{name: getattr(verdict, name) for name in names}, "killed": outcome.kills,
        "seconds": round(outcome.seconds, 1), "settled": round(outcome.settled, 1), "holds": verdict.holds,
    }  # fmt: skip
