"""What must survive: one engine, named SQL statements, one module a table group."""
