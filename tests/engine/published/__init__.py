"""The published procedures of arXiv 2402.10009, said once more in the plainest way, to hold the engine against.

Nothing here comes from the engine: the networks, their conditioning and the schedulers' numbers are those of the
library that publishes them, the equations those of the paper, step by step and row by row, without regard to time.
"""
