"""The processes that take samples: their interface, their lives, their limits."""
