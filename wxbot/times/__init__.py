"""How people write times: spans, times of day, hours. Pure."""
