"""Measurements of the real bot, one script each: `python -m benchmarks.<name>`. They prove nothing; tests do."""
