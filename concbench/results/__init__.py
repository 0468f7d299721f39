"""What was seen: raw figures only, frozen and versioned; every mean, ratio and verdict is derived when it is read."""
