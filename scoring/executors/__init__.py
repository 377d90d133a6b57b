"""Where tasks run: in processes of this machine, or on a Slurm cluster; both behind one interface."""

from .interface import Ended, Executor, Task
from .local import LocalExecutor
from .slurm import SlurmExecutor

__all__ = ["Ended", "Executor", "LocalExecutor", "SlurmExecutor", "Task"]
