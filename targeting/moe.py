"""The Census Bureau's rules for margins of error, and nothing else.

All margins are at the 90% level of the American Community Survey. They cover sampling error
only: not the error of apportioning a tract's people to a part of it, and not undercount.

Sources: U.S. Census Bureau, *Understanding and Using American Community Survey Data: What All
Data Users Need to Know*, chapter 8, and its *Worked Examples for Approximating Margins of Error*.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse

Z90 = 1.645
Array = npt.NDArray[np.float64]


def standard_error(moe: npt.ArrayLike) -> Array:
    """Return the standard error of a 90% margin: MOE / 1.645."""
    return np.asarray(moe, float) / Z90


def coefficient_of_variation(estimate: npt.ArrayLike, moe: npt.ArrayLike) -> Array:
    """Return standard error / estimate, infinite where the estimate is zero."""
    estimate = np.asarray(estimate, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(estimate > 0, standard_error(moe) / estimate, np.inf)


def of_sum(estimates: npt.ArrayLike, moes: npt.ArrayLike) -> float:
    """Return the margin of a sum of estimates.

    The root of the sum of the squared margins; of the terms whose estimate is zero only the one
    with the largest margin counts (Handbook, chapter 8).
    """
    estimates, moes = np.asarray(estimates, float), np.asarray(moes, float)
    if not estimates.size:
        return 0.0
    weights = np.ones((1, estimates.size))
    return of_weighted_sums(weights, estimates[:, None], moes[:, None]).item()


def of_weighted_sums(weights: Any, estimates: Array, moes: Array) -> Array:
    """Return the margins of weighted sums: parts of tracts added up.

    Parameters
    ----------
    weights : array or sparse matrix, shape (sums, terms)
        Share of each term in each sum, at least 0.
    estimates, moes : ndarray, shape (terms, columns)

    Returns
    -------
    ndarray, shape (sums, columns)
        sqrt(sum of (w · MOE)²); of the terms whose estimate is zero only the largest w · MOE
        counts, so that weights of 1 give the Bureau's rule for sums.
    """
    weights = scipy.sparse.csr_matrix(weights)
    counted = np.where(estimates > 0, moes, 0.0)
    variance = weights.multiply(weights) @ counted**2
    largest_zero = np.zeros_like(variance)
    for column in range(estimates.shape[1]):
        zero_margin = np.where(estimates[:, column] > 0, 0.0, moes[:, column])
        product = weights.multiply(zero_margin[None, :]).tocsr()
        largest_zero[:, column] = product.max(axis=1).toarray().ravel()
    return np.asarray(np.sqrt(variance + largest_zero**2))


def of_proportion(
    part: npt.ArrayLike, part_moe: npt.ArrayLike, whole: npt.ArrayLike, whole_moe: npt.ArrayLike
) -> Array:
    """Return the margin of part / whole, where the part lies within the whole.

    sqrt(MOE_part² - p² · MOE_whole²) / whole; where the root would be negative the ratio form
    with + (Handbook, chapter 8). Not a number where the whole is zero.
    """
    part, part_moe = np.asarray(part, float), np.asarray(part_moe, float)
    whole, whole_moe = np.asarray(whole, float), np.asarray(whole_moe, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = part / whole
        inner = part_moe**2 - share**2 * whole_moe**2
        # a root that is zero but for rounding is zero, not negative
        inner = np.where(np.abs(inner) < 1e-9 * part_moe**2, 0.0, inner)
        inner = np.where(inner < 0, part_moe**2 + share**2 * whole_moe**2, inner)
        return np.where(whole > 0, np.sqrt(inner) / whole, np.nan)
