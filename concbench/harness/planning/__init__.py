"""What is to be measured, from what was written to a checked plan."""
