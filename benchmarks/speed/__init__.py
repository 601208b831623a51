"""How fast wxbot is beside what people use today: `make bench`."""
