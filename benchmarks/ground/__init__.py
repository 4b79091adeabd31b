"""The ground that benchmarks stand on: a table of orders, a home that governs it, and how figures are printed."""
