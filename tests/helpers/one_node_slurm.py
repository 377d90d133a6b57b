"""A Slurm cluster of this machine alone, made from Debian's packages in a folder, and taken down again."""

import os
import secrets
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

_PROGRAMS = ("munged", "slurmctld", "slurmd")

_CONF = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,batch_sched_delay=0
MpiDefault=none
ReturnToService=2
KillWait=1
MinJobAge=30
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory_mb} State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def missing_programs():
    """Programs that are not installed, or root's rights, without which no cluster can be made."""
    found = {name: shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") for name in _PROGRAMS}
    return [name for name, path in found.items() if path is None] + (["root"] if os.geteuid() else [])


@contextmanager
def running_cluster(folder: Path):
    """Start it; give the path of its configuration, for the variable SLURM_CONF."""
    conf = _configure(folder)
    environment = {**os.environ, "SLURM_CONF": str(conf), "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
    started = []
    try:
        for command in _commands(folder):
            log = (folder / f"{command[0]}.out").open("wb")
            started.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
        _wait_until_idle(folder, environment)
        yield conf
    finally:
        subprocess.run(["scancel", "--user=root"], env=environment, capture_output=True)
        for process in reversed(started):
            process.terminate()
        for process in started:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


def _configure(folder):
    folder.mkdir(mode=0o700, parents=True)  # munge trusts no folder that others may write
    (folder / "state").mkdir()
    (folder / "spool").mkdir()
    key = folder / "munge.key"
    key.touch(0o600)
    key.write_bytes(secrets.token_bytes(128))
    conf = folder / "slurm.conf"
    ports = _free_ports(2)
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20 - 100
    facts = {
        "controller_port": ports[0],
        "node_port": ports[1],
        "cpus": os.cpu_count(),
        "memory_mb": memory_mb,
    }
    conf.write_text(_CONF.format(folder=folder, host=socket.gethostname().split(".")[0], **facts))
    return conf


def _commands(folder):
    munged = ["munged", "--foreground", "--force", f"--key-file={folder}/munge.key"]
    munged += [f"--{name}={folder}/munge.{ending}" for name, ending in _MUNGE_FILES]
    return munged, ["slurmctld", "-D", "-c"], ["slurmd", "-D", "-c"]


_MUNGE_FILES = (("socket", "socket"), ("pid-file", "pid"), ("log-file", "log"), ("seed-file", "seed"))


def _free_ports(n):
    sockets = [socket.socket() for _ in range(n)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _wait_until_idle(folder, environment):
    command, end = ["sinfo", "--noheader", "--format=%T"], time.monotonic() + 30
    while time.monotonic() < end:
        asked = subprocess.run(command, env=environment, capture_output=True, text=True)
        if asked.stdout.strip() == "idle":
            return
        time.sleep(0.2)
    logs = "\n".join(path.read_text(errors="replace")[-1500:] for path in folder.glob("*.log"))
    raise RuntimeError(f"the cluster did not come up: {asked.stdout}{asked.stderr}\n{logs}")
