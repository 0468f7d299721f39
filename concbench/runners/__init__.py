"""Runners, the ways of executing tasks: one short file for each; every runner can be used on its own.

    with ThreadPool(workers=32) as runner:
        pages = runner.run(fetch, urls)

To add a runner: write `runners/<its_name>.py` with the three methods of `base.Runner` and its traits, add its line to
`concbench/registry.py` and its row to docs/reference/cli.md. The contract suite (tests/runners/test_contract.py) tries
every law on it.
"""
