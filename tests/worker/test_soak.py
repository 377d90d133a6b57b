"""A board under fire, the short form; studies/soak.py is the long one."""

import hostile
import pytest
from board_soak import CACHE_MB, MEMORY_MB, SCORE_MEMORY_MB, WORKER_MB, soak

pytestmark = [pytest.mark.once, pytest.mark.usefixtures("bubblewrap")]

N_SUBMISSIONS = 6


def test_a_board_under_fire_loses_no_honest_submission_and_keeps_within_its_totals(tmp_path):
    seen = soak(tmp_path, N_SUBMISSIONS, hostile.HOSTILE, hostile.make, seed=7)
    assert len(seen.states) == N_SUBMISSIONS
    for what, state in seen.states.items():
        assert state == ("scored" if what.startswith("honest") else "failed"), (what, seen.reasons[what])
    assert seen.peak_mb <= MEMORY_MB + SCORE_MEMORY_MB + WORKER_MB
    assert seen.cache_mb <= CACHE_MB
    assert (seen.folders_left, seen.refused) == (0, 0)
    assert seen.kills > 0
