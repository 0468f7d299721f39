"""Workloads: each is a class that knows its function, its items and the expected results.

To add a workload: subclass `base.Workload` in a file of its own and add its line to `concbench/registry.py`.
"""
