"""The platform's side, to try everything without an account: API, ledger, phones, faults, clock, page."""
