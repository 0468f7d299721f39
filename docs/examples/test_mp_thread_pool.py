"""The laws of runners, as tests of MpThreadPool."""

import pytest
from mp_thread_pool import MpThreadPool

from concbench.testing import RUNNER_LAWS, law_name


@pytest.mark.parametrize("law", RUNNER_LAWS, ids=law_name)
def test_mp_thread_pool_keeps(law, tmp_path):
    law(MpThreadPool, tmp_path)
