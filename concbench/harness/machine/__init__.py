"""The machine: its facts, the load of others, and what it can show."""
