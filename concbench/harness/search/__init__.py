"""The search for the best runner behind `advise`."""
