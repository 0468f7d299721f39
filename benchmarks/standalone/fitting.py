"""Models that are fitted, as in a user's own module: scikit-learn grows the trees on threads of OpenMP."""

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

DRAWN = np.random.default_rng(0)
FEATURES = DRAWN.standard_normal((8_000, 12))
CLASSES = (FEATURES[:, 0] * FEATURES[:, 1] + 0.3 * DRAWN.standard_normal(8_000) > 0).astype(int)


def fit(leaves):
    """The accuracy of a model of trees with at most `leaves` leaves on its own training data."""
    model = HistGradientBoostingClassifier(max_iter=8, max_leaf_nodes=leaves, early_stopping=False)
    return round(float(model.fit(FEATURES, CLASSES).score(FEATURES, CLASSES)), 3)
