from typing import Any


class OwnerMigrates:
    """Schema changes run as the tables' owner only; everything else uses the application's role."""

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return db == "owner"
