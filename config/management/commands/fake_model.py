"""`manage.py fake_model [--port N] [--manner M]`: a model on this machine, to try what needs one. Until it is interrupted."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config.demo.model import Manner, Model


class Command(BaseCommand):
    help = "Run a small model on this machine that speaks the protocol and counts words in common; for trying the product."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8090)
        parser.add_argument("--manner", choices=[str(one) for one in Manner], default=str(Manner.WELL), help="how it behaves")
        parser.add_argument("--seconds", type=float, default=20.0, help="how slow it is where it is slow")

    def handle(self, *args: Any, **options: Any) -> None:
        with Model(options["port"], Manner(options["manner"]), options["seconds"]) as model:
            self.stdout.write(f"MODEL_URL={model.url} MODEL_NAME=fake")
            self.stdout.flush()
            try:
                model.serve_forever()
            except KeyboardInterrupt:
                pass
