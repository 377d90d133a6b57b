"""The parts of brainscore-core that innerscore builds on, imported at one place.

Importing them warns about a subclass of xarray that brainscore-core defines; the warning tells a user of
innerscore nothing, so it is silenced here and only here.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)
    from brainscore_core.benchmarks import Benchmark
    from brainscore_core.metrics import Metric, Score
    from brainscore_core.supported_data_standards.brainio.assemblies import DataAssembly, NeuroidAssembly

__all__ = ["Benchmark", "DataAssembly", "Metric", "NeuroidAssembly", "Score"]
