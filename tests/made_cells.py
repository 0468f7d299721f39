"""Hand-made records of cells, as a measurement would have left them."""

from typing import Any

from concbench import registry
from concbench.traits import Traits, traits_of


def traits_as_declared(runner: str, **settings: Any) -> Traits:
    """What one of our runners says of itself with these settings; nothing of one that is not ours."""
    if runner not in registry.RUNNERS:
        return Traits()
    return traits_of(registry.runner_class(runner)(**settings))
