"""The platform's protocol as pure functions: arguments in, value out; no I/O and no clock."""
