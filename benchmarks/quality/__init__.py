"""How far each way to allocate is from a proven bound: ``python -m benchmarks.quality``."""
