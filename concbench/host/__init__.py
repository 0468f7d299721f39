"""The measuring process: prepares a cell, takes samples, observes a pass. Standard library only.

Beyond that, it imports only the modules that the workload needs, so that concbench loads nothing during a sample.
"""
