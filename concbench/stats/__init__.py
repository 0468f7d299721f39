"""Arrays in, numbers out; knows nothing of workloads and runners."""
