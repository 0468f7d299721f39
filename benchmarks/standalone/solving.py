"""Systems of linear equations, as in a user's own module: numpy solves them on the threads of its BLAS."""

import numpy as np

SIZE = 700


def solve(seed):
    """The sum of the unknowns of one system, without the digits that depend on the number of threads."""
    drawn = np.random.default_rng(seed)
    matrix = drawn.standard_normal((SIZE, SIZE)) + SIZE * np.eye(SIZE)
    for _ in range(3):
        unknown = np.linalg.solve(matrix, drawn.standard_normal((SIZE, 8)))
    return round(float(unknown.sum()), 6)
