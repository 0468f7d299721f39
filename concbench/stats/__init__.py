"""Statistics: arrays in, numbers out, independent of workloads and runners."""
