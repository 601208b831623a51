"""Pure rules and fixed bytes."""
