"""The rebate engine: plan, pool, awards, refunds and replay, in whole units only.

Pure: no clock, no chance, no floating point, nothing outside the standard library.
The rules are written down in docs/algorithms/engine.md.
"""
