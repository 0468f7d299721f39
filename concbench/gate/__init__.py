"""Requirements on runners, judged by measurement: passed, failed or undecided, each with a reason."""
