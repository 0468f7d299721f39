"""Tools for testing runners and measurements: the laws that every runner keeps, and simulated hosts without a clock.

@pytest.mark.parametrize("law", RUNNER_LAWS, ids=law_name)
def test_my_runner_keeps(law, tmp_path):
law(MyRunner, tmp_path)
"""

from concbench.testing.laws import RUNNER_LAWS, Law, MakeRunner, WrongItemError, check_runner, law_name
from concbench.testing.simulated import SimulatedHosts

__all__ = ["RUNNER_LAWS", "Law", "MakeRunner", "SimulatedHosts", "WrongItemError", "check_runner", "law_name"]
