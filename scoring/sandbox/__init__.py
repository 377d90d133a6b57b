"""Running a candidate that is not trusted: stimuli in, activations out, nothing else."""

from .folders import own_folder
from .limits import NoSandboxError, SandboxLimits
from .sandbox import Sandbox, try_sandbox

__all__ = ["NoSandboxError", "Sandbox", "SandboxLimits", "own_folder", "try_sandbox"]
