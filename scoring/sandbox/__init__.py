"""Running a candidate that is not trusted: stimuli in, activations out, nothing else.

What is forbidden is in: ``confinement.py``, files, network and environment; ``seccomp.py``, calls of the kernel;
``limits.py``, amounts of memory, time and output, which ``resources.py`` enforces from outside and ``runner.py``
from inside.
"""

from .folders import own_folder
from .limits import NoSandboxError, SandboxLimits
from .sandbox import Sandbox, try_sandbox

__all__ = ["NoSandboxError", "Sandbox", "SandboxLimits", "own_folder", "try_sandbox"]
