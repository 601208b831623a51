"""What happened at the platform, counted where no bot can touch it."""

from dataclasses import dataclass, field

from wxbot.simulator.rights import COUNT_USED_UP, WINDOW_CLOSED

NEVER_FOLLOWED = 43004


@dataclass(slots=True)
class Ledger:
    """Counts since the last reset. All but the last four are about customer-service messages."""

    accepted: int = 0
    refused: dict[str, int] = field(default_factory=dict)  # errcode -> times
    outside_window: int = 0
    over_quota: int = 0
    duplicates: int = 0  # accepted, though the same bytes were accepted in the last ten minutes
    out_of_order: int = 0  # accepted, though a higher `#n` mark came before
    token_fetches: int = 0
    templates: int = 0  # template messages and notifications accepted
    pushes: int = 0  # deliveries tried, repeats included
    notices: int = 0  # times a user read that the account is out of service

    def refuse(self, errcode: int) -> None:
        """Count one refusal, also under the promise it breaks."""
        self.refused[str(errcode)] = self.refused.get(str(errcode), 0) + 1
        self.outside_window += errcode in (WINDOW_CLOSED, NEVER_FOLLOWED)
        self.over_quota += errcode == COUNT_USED_UP
