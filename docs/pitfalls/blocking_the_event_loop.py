"""The mistake: a coroutine that computes. The event loop stands still meanwhile, and so do all other coroutines."""

import asyncio

from concbench import measure


async def task(number):
    await asyncio.sleep(0.005)  # the network: others go on meanwhile
    return sum(n * n for n in range(150_000)) + number  # no other coroutine can run


if __name__ == "__main__":
    run = measure("blocking_the_event_loop:task", items=range(16), runners=["sequential", "asyncio:8"], rounds=1)
    print(run.why())
