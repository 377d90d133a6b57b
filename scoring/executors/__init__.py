"""Executors of tasks: processes of this machine, or a Slurm cluster; both behind one interface."""

from .interface import Ended, Executor, Task
from .local import LocalExecutor
from .slurm import SlurmExecutor

__all__ = ["Ended", "Executor", "LocalExecutor", "SlurmExecutor", "Task"]
