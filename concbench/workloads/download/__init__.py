"""The download workload: its two clients, their common rules, its images, and the server that sends them."""
