"""Benchmarks: `script/bench NAME [--quick]`. Each is a module here with a function
`run(quick: bool)` that yields its results as dicts, as soon as it has them."""
