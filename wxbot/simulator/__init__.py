"""The platform's side, to try everything without an account: its API, ledger, phones, faults, clock and page."""
