"""Writes docs/benchmark.md and docs/benchmark.png from the results of a run."""
