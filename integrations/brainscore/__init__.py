"""Brain-Score: its models as candidates, and our benchmarks, metrics and recordings in its types.

===============  ===================================================================================
module           what it turns into what
===============  ===================================================================================
``models``       a ``BrainModel`` into a candidate
``benchmarks``   our benchmarks and metrics into ``Benchmark`` and ``Metric``, our scores into ``Score``
``labelled``     labelled data into assemblies, and assemblies into labelled data
``stimuli``      clips into a ``StimulusSet`` of images, and a ``StimulusSet`` into stimuli
===============  ===================================================================================

All but ``labelled`` and ``models``, which take what they are given, import brainscore-core, which is the extra
``innerscore[brainscore]`` and runs on Python 3.11 and 3.12, with numpy 1.26 and xarray 2022.3.
"""
