"""Checkpoints of every family with random weights, small enough to build in a test.

Each module has ``save(folder) -> Path``, which writes a folder as the family's checkpoints are published.
"""
