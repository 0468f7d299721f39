"""A function of the user as a workload: how it is found, called and written, and its items."""
