"""Running a candidate that is not trusted: stimuli in, activations out, nothing else."""

from .limits import SandboxLimits
from .sandbox import Sandbox

__all__ = ["Sandbox", "SandboxLimits"]
