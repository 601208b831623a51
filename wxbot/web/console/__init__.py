"""The console: where people look at what wxbot does, answer users and put things right."""
