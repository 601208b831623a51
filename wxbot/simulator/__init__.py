"""The platform as a program: API, ledger, phones, faults and clock, to try everything without an account."""
