"""Benchmarks: a data set, a task, a metric and a ceiling, declared in YAML."""

from .benchmark import Benchmark
from .interface import load_benchmark, load_benchmarks, registry

__all__ = ["Benchmark", "load_benchmark", "load_benchmarks", "registry"]
