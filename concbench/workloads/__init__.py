"""What is done: each workload is a class that knows its function, its items and what its results must be.

To add a workload: subclass `base.Workload` in a file of its own and add its line to `concbench/registry.py`.
"""
