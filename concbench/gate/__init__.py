"""What is required of runners, judged on what was measured: passed, failed or undecided, each with a reason."""
