"""Plans, hosts, rounds and stopping; emits events and returns records, and prints nothing."""
