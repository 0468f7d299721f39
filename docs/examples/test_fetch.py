"""The gate of a project: names are fetched by two threads in clearly less time than by one."""

import app


def test_fetch_scales(concbench):
    scaling = concbench(app.fetch, items=app.names(), runners=["sequential", "thread-pool:2"])
    scaling.require("thread-pool:2", at_least=1.5)
