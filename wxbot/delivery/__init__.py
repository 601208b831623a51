"""The way out: queue a follow-up, decide what may go, send it, settle what became of it."""
