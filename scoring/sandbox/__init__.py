"""Running a candidate that is not trusted: stimuli in, activations out, nothing else."""

from .limits import SandboxLimits
from .sandbox import Sandbox, try_sandbox

__all__ = ["Sandbox", "SandboxLimits", "try_sandbox"]
