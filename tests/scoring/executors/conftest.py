import importlib.util
from pathlib import Path

import pytest
from missing_parts import skip_or_fail

# Tests are no package: a file beside this one is loaded from its path.
_SPEC = importlib.util.spec_from_file_location(
    "one_node_slurm", Path(__file__).with_name("one_node_slurm.py")
)
_SLURM = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_SLURM)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """The configuration of a running cluster; without Slurm the test is skipped, and under CI it fails."""
    if missing := _SLURM.missing_programs():
        skip_or_fail(
            f"no Slurm here (lacks {', '.join(missing)}): install Debian's slurm-wlm and munge, as root"
        )
    with _SLURM.running_cluster(tmp_path_factory.mktemp("slurm") / "cluster") as conf:
        yield conf


@pytest.fixture
def on_cluster(cluster, monkeypatch):
    """This process and its children submit to the cluster."""
    monkeypatch.setenv("SLURM_CONF", str(cluster))
    return cluster
