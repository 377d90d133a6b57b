"""The parts of brainscore-core that are used, imported at one place.

Importing them warns about a subclass of xarray that brainscore-core defines; the warning tells a user of
innerscore nothing, so it is silenced here and only here.
"""

from __future__ import annotations

import sys
import warnings

from ...core.errors import MissingPartError

__all__ = ["Benchmark", "DataAssembly", "Metric", "NeuroidAssembly", "Score", "StimulusSet"]

_TOO_NEW = (3, 13)

try:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        from brainscore_core.benchmarks import Benchmark
        from brainscore_core.metrics import Metric, Score
        from brainscore_core.supported_data_standards.brainio.assemblies import DataAssembly, NeuroidAssembly
        from brainscore_core.supported_data_standards.brainio.stimuli import StimulusSet
except (ImportError, AttributeError) as error:  # AttributeError: its xarray beside a numpy that is too new
    raise MissingPartError(
        "The integration of Brain-Score",
        got=f"{type(error).__name__}: {error}",
        needed="able to import brainscore-core 2.5, which runs on Python 3.11 and 3.12 only",
        hint=(
            "Make an environment of Python 3.11 or 3.12 for it."
            if sys.version_info >= _TOO_NEW
            else "Install innerscore[brainscore] into an environment of its own, with numpy 1.26 and xarray 2022.3."
        ),
    ) from error
