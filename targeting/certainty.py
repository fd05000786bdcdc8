"""Certainty: how sure it is that a language is really the largest, or serves enough people.

People served by language are sums over many tracts; they are treated as independent normal
variables with the estimate as mean and MOE / 1.645 as standard error. Probabilities come from
quadrature: exact, deterministic, no sampling. They cover sampling error only, and they mislead for
sums of one or two tracts, where the error is skewed.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from targeting import moe
from targeting.languages import Language

SMALLEST_ERROR = 1e-3  # people; a figure without error becomes a step that the quadrature can find
REACH = (-9.0, -5.0, -3.0, -1.5, -0.5, 0.5, 1.5, 3.0, 5.0, 9.0)  # standard errors; pieces' ends
NODES = 10
Floats = npt.NDArray[np.float64]


def rank_probabilities(estimates: npt.ArrayLike, errors: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return the probability that each of several estimates is the largest, and the second largest.

    P(l is the largest) = ∫ φ_l(x) Π_{m≠l} Φ_m(x) dx, and
    P(l is the second) = Σ_{k≠l} ∫ φ_l(x) (1 − Φ_k(x)) Π_{m≠l,k} Φ_m(x) dx,
    with φ and Φ the normal density and distribution of each.

    Parameters
    ----------
    estimates, errors : array, shape (rows, languages)
        Means and standard errors; each row is one comparison.

    Returns
    -------
    first, second : ndarray, shape (rows, languages)
        Every row sums to 1 (the second to 0 where there is one language only). Equal estimates
        without error share their probability.

    Notes
    -----
    Gauss-Legendre with ten nodes on each piece between the points mean ± 0.5, 1.5, 3, 5 and 9
    standard errors of all the languages: the integrand is smooth on each piece however different
    the errors are. Agrees with the closed form for two languages to 1e-9.
    """
    from scipy.special import ndtr  # here and below, since a plan from the cache has its probabilities

    mean = np.atleast_2d(np.asarray(estimates, float))
    error = np.maximum(np.atleast_2d(np.asarray(errors, float)), SMALLEST_ERROR)
    first, second = np.zeros_like(mean), np.zeros_like(mean)
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    for row in range(len(mean)):
        ends = np.unique(mean[row][:, None] + error[row][:, None] * np.array(REACH))
        half = np.diff(ends) / 2
        x = (ends[:-1] + half)[:, None] + half[:, None] * nodes
        weight = (half[:, None] * weights).ravel()
        z = (x.ravel() - mean[row][:, None]) / error[row][:, None]
        density = np.exp(-0.5 * z**2) / (np.sqrt(2 * np.pi) * error[row][:, None])
        below = ndtr(z)
        others = _products_without_each(below)
        first[row] = (density * others) @ weight
        second[row] = (density * _exactly_one_above(below)) @ weight
    return _normalised(first), _normalised(second)


def probability_at_least(estimates: npt.ArrayLike, errors: npt.ArrayLike, least: float) -> Floats:
    """Return the probability that each true figure is at least `least`."""
    from scipy.special import ndtr

    error = np.maximum(np.asarray(errors, float), SMALLEST_ERROR)
    return np.asarray(ndtr((np.asarray(estimates, float) - least) / error))


def reliability(
    estimates: npt.ArrayLike, moes: npt.ArrayLike, cv_limits: tuple[float, float]
) -> npt.NDArray[np.str_]:
    """Return "high", "medium" or "low" by the coefficient of variation; empty where nobody is counted."""
    cv = moe.coefficient_of_variation(estimates, moes)
    nobody = (np.asarray(estimates, float) == 0) & (np.asarray(moes, float) == 0)
    return np.select([nobody, *(cv <= limit for limit in cv_limits)], ["", "high", "medium"], "low")


def certainty_of(
    served: pd.DataFrame,
    languages: Sequence[Language],
    *,
    min_served: float,
    cv_limits: tuple[float, float],
) -> pd.DataFrame:
    """Return how sure each figure of people served is, one row a row of `served`.

    Languages that cannot be told apart are compared as one, with the others of the campaign only.

    Parameters
    ----------
    served : DataFrame
        Result of `targeting.served.people_served`: `route_id`, `language`, `served`, `served_moe`.
    languages : sequence of Language
    min_served : float
        How many people a route should serve to be worth a poster in their language.
    cv_limits : (float, float)
        Coefficients of variation up to which a figure counts as of high, and of medium reliability.

    Returns
    -------
    DataFrame, index as in `served`
        `largest_probability`, `second_probability` (of the language among the route's),
        `enough_probability` (that at least `min_served` are served), `runner_up` (tag of the largest
        of the others, empty where there is none), `differs` (from the runner-up, by the 90% test),
        `cv` (not a number where nobody is served) and `reliability` ("high", "medium", "low").
    """
    column_of = {language.tag: language.column for language in languages}
    names: dict[str, str] = {}
    for language in languages:
        names.setdefault(language.column, language.tag)
    wide = served.assign(column=served["language"].map(column_of)).drop_duplicates(["route_id", "column"])
    estimate = wide.pivot(index="route_id", columns="column", values="served")[list(names)]
    margin = wide.pivot(index="route_id", columns="column", values="served_moe")[list(names)]
    error = moe.standard_error(margin)
    first, second = rank_probabilities(estimate, error)
    row = estimate.index.get_indexer(served["route_id"])
    column = estimate.columns.get_indexer(served["language"].map(column_of))

    people = served["served"].to_numpy(float)
    own_error = moe.standard_error(served["served_moe"])
    runner_up, differs = _runner_up(estimate.to_numpy(float), np.asarray(error))
    tags = np.array([*names.values(), ""], dtype=object)
    cv = moe.coefficient_of_variation(people, served["served_moe"])
    return pd.DataFrame(
        {
            "largest_probability": first[row, column],
            "second_probability": second[row, column],
            "enough_probability": probability_at_least(people, own_error, min_served),
            "runner_up": tags[runner_up[row, column]],
            "differs": differs[row, column],
            "cv": np.where(np.isfinite(cv), cv, np.nan),
            "reliability": reliability(people, served["served_moe"], cv_limits),
        },
        index=served.index,
    )


def _runner_up(estimate: Floats, error: Floats) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return for each figure the column of the largest other in its row (-1 for none), and if it differs.

    The difference passes the 90% test when |A - B| / sqrt(SE_A² + SE_B²) > 1.645 (ACS Handbook, ch. 7).
    """
    rows, columns = estimate.shape
    if columns == 1:
        return np.full((rows, 1), -1), np.ones((rows, 1), bool)
    order = np.argsort(-estimate, axis=1, kind="stable")
    largest = np.broadcast_to(order[:, :1], estimate.shape)
    other = np.where(largest == np.arange(columns), order[:, 1:2], largest)
    gap = np.abs(estimate - np.take_along_axis(estimate, other, axis=1))
    spread = np.hypot(error, np.take_along_axis(error, other, axis=1))
    return other, gap > moe.Z90 * spread


def _products_without_each(factors: Floats) -> Floats:
    """Return for each row the product of all the others, shape as given (no division)."""
    ones = np.ones((1, factors.shape[1]))
    before = np.cumprod(np.vstack([ones, factors[:-1]]), axis=0)
    after = np.cumprod(np.vstack([ones, factors[:0:-1]]), axis=0)[::-1]
    return np.asarray(before * after)


def _exactly_one_above(below: Floats) -> Floats:
    """Return for each row the probability that exactly one of the others lies above x."""
    count = len(below)
    result = np.zeros_like(below)
    for row in range(count):
        none = np.ones(below.shape[1])
        one = np.zeros(below.shape[1])
        for other in range(count):
            if other != row:
                one = one * below[other] + none * (1 - below[other])
                none = none * below[other]
        result[row] = one
    return result


def _normalised(probabilities: Floats) -> Floats:
    """Return rows that sum to 1 exactly; quadrature leaves errors of about 1e-12."""
    total = probabilities.sum(axis=1, keepdims=True)
    shares = np.zeros_like(probabilities)
    np.divide(probabilities, total, out=shares, where=total > 0)
    return shares
