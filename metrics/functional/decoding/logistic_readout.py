"""The published read-out of yes-or-no judgements: standardised features, logistic regression, penalty by folds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ....core.arrays import plain_array
from ....core.errors import InvalidArgumentError
from .._arrays import as_numbers

__all__ = ["READOUT_PENALTIES", "LogisticReadout", "logistic_readout"]

# Inverse strengths C of the L2 penalty, 1e-8 to 1e8.
READOUT_PENALTIES: tuple[float, ...] = tuple(10.0**power for power in range(-8, 9))

_N_FOLDS, _SEED, _MOST_ITERATIONS = 5, 42, 20_000

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LogisticReadout:
    """Probabilities of yes, with the chosen penalty.

    Attributes
    ----------
    probability : array of shape (n_test,)
        Probabilities of the test items, in [0, 1].
    penalty : float
        Chosen C.
    fold_accuracy : array of shape (17,)
        Mean held-out accuracy of each C on the training items.
    """

    probability: Floats
    penalty: float
    fold_accuracy: Floats


def logistic_readout(train: object, labels: object, test: object) -> LogisticReadout:
    """Fit the read-out on training items and give the probability of yes for test items.

    As published for Physion (Bear et al. 2021; Nayebi et al. 2023): standardisation by the training items and L2
    logistic regression, C of 17 values 1e-8 to 1e8 by the mean accuracy of 5 stratified, shuffled folds (seed 42;
    the first of equals), at most 20,000 iterations. The standardisation is fitted anew within each fold.

    Parameters
    ----------
    train : array of shape (n_train, n_features)
        Features of the training items, flattened over time.
    labels : bool array of shape (n_train,)
        Their true answers; at least 5 of each.
    test : array of shape (n_test, n_features)
        Features of the test items.

    Returns
    -------
    readout : LogisticReadout

    Raises
    ------
    InvalidArgumentError
        If an argument is not as described.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, x_test = (as_numbers(name, value, ndim=2) for name, value in (("train", train), ("test", test)))
    y = _labels(labels, len(x))
    if x.shape[1] != x_test.shape[1]:
        raise InvalidArgumentError(
            "The 'test' parameter", got=f"{x_test.shape[1]} features", needed=f"of {x.shape[1]}, as 'train'"
        )
    search = GridSearchCV(
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=_MOST_ITERATIONS)),
        {"logisticregression__C": list(READOUT_PENALTIES)},
        cv=StratifiedKFold(_N_FOLDS, shuffle=True, random_state=_SEED),
    )
    search.fit(x, y)
    return LogisticReadout(
        probability=np.asarray(search.predict_proba(x_test)[:, 1]),
        penalty=float(search.best_params_["logisticregression__C"]),
        fold_accuracy=np.asarray(search.cv_results_["mean_test_score"]),
    )


def _labels(labels: object, n_items: int) -> npt.NDArray[np.bool_]:
    array = plain_array("The 'labels' parameter", labels)
    if array.shape != (n_items,) or not np.isin(array, (0, 1)).all():
        raise InvalidArgumentError(
            "The 'labels' parameter",
            got=f"{array.dtype} of shape {array.shape}",
            needed=f"{n_items} yes or no",
        )
    counts = np.bincount(array.astype(int), minlength=2)
    if counts.min() < _N_FOLDS:
        raise InvalidArgumentError(
            "The 'labels' parameter", got=f"{counts.min()} of one kind", needed=f"{_N_FOLDS} or more of each"
        )
    return array.astype(bool)
