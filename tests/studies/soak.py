"""Send a board hostile and honest submissions, kill its worker at random, and print what came of it.

Run by ``python tests/studies/soak.py --submissions 200``; nothing leaves this machine. The exit status is 0 if no
honest submission was lost, no hostile one was scored, and memory and disk stayed within what was allowed.
"""

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "helpers"))

from board_soak import CACHE_MB, MEMORY_MB, QUICK, SCORE_MEMORY_MB, SLOW, WORKER_MB, soak
from hostile import HOSTILE, make


def main() -> int:
    """Run it, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        seen = soak(Path(folder), chosen.submissions, HOSTILE, make, chosen.seed, which=(*QUICK, *SLOW))
    ends = Counter(
        (what.partition(" (")[0], state, seen.reasons[what]) for what, state in seen.states.items()
    )
    for (kind, state, reason), count in sorted(ends.items()):
        print(f"{kind:28} {state:8} {reason:12} {count:4}")
    most = MEMORY_MB + SCORE_MEMORY_MB + WORKER_MB
    print(f"{'worker killed':28} {seen.kills} times")
    print(f"{'peak memory':28} {seen.peak_mb:.0f} of {most} MiB")
    print(f"{'cache, peak and end':28} {seen.peak_cache_mb:.0f}, {seen.cache_mb:.0f} of {CACHE_MB} MiB")
    print(f"{'temporary folders left':28} {seen.folders_left}")
    print(f"{'requests':28} {seen.requests}, {seen.refused} refused, slowest {seen.slowest_s:.1f} s")
    print(f"{'time':28} {seen.seconds:.0f} s")
    wrong = [end for end in ends if (end[0] == "honest") != (end[1] == "scored")]
    kept = seen.peak_mb <= most and seen.cache_mb <= CACHE_MB and not seen.folders_left and not seen.refused
    return 0 if kept and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
