"""The measuring process: prepares a cell, takes samples, observes a pass. Standard library only.

What it imports beyond that is what the workload needs, so that nothing of ours is loaded while a sample runs.
"""
