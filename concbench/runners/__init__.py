"""How work is done: one short file for each way, every one of them usable alone.

    with ThreadPool(workers=32) as runner:
        pages = runner.run(fetch, urls)

To add a runner: write `runners/<its_name>.py` with the three methods of `base.Runner` and its traits, add its line to
`concbench/registry.py` and its row to docs/reference/cli.md. The contract suite (tests/runners/test_contract.py) tries
every law on it.
"""
