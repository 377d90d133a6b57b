import one_node_slurm
import pytest
from missing_parts import skip_or_fail


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """The configuration of a running cluster; without Slurm the test is skipped, and under CI it fails."""
    if missing := one_node_slurm.missing_programs():
        skip_or_fail(
            f"no Slurm here (lacks {', '.join(missing)}): install Debian's slurm-wlm and munge, as root"
        )
    with one_node_slurm.running_cluster(tmp_path_factory.mktemp("slurm") / "cluster") as conf:
        yield conf


@pytest.fixture
def on_cluster(cluster, monkeypatch):
    """This process and its children submit to the cluster."""
    monkeypatch.setenv("SLURM_CONF", str(cluster))
    return cluster
