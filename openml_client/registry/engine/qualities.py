"""The qualities of a dataset: numbers that describe it as a whole, but for the landmarkers.

The columns are passed over once, and each leaves a `_Summary`; every group of qualities is made
of those.  Source: protocol note, section 10, and what the real engine sent.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openml_client.formats.arff import ArffFile
from openml_client.model.dataset import Feature
from openml_client.registry.engine.columns import Column, columns

Qualities = dict[str, float | None]

_SPREAD = ("Mean", "Min", "Max", "Quartile1", "Quartile2", "Quartile3")
_DISTINCT = ("Max", "Min", "Mean", "Stdv")


@dataclass(frozen=True, kw_only=True)
class _Moments:
    """Of the values of one column that are not missing; None where there are too few of them."""

    mean: float | None
    standard_deviation: float | None
    kurtosis: float | None
    skewness: float | None


@dataclass(frozen=True, kw_only=True)
class _Summary:
    """What one column adds to the qualities."""

    is_target: bool
    is_nominal: bool
    is_number: bool
    n_labels: int
    n_missing: int
    moments: _Moments | None = None
    """Of numbers only."""
    n_distinct: int | None = None
    """Labels that occur; of nominal columns only."""
    entropy: float | None = None
    """In bits; of nominal columns only."""
    information: float | None = None
    """That the column has of the class, in bits; None unless both are nominal."""


def compute_qualities(arff: ArffFile, features: Sequence[Feature]) -> Qualities:
    """The simple, statistical and information-theoretic qualities by name, sorted by name.

    None stands for a quality that this dataset does not have, such as the size of the majority
    class where the target is numeric.  Row identifiers and ignored columns do not count; the
    target does.  Those qualities that need the one target are None where there are more or none.
    """
    kept = {f.index for f in features if not (f.is_row_identifier or f.is_ignore)}
    targets = [f.index for f in features if f.is_target and f.index in kept]
    target_index = targets[0] if len(targets) == 1 else None
    target = None
    if target_index is not None:
        target = next(c for index, c in enumerate(columns(arff)) if index == target_index)

    is_incomplete = np.zeros(arff.n_rows, dtype=np.bool_)
    summaries = []
    for index, column in enumerate(columns(arff)):
        if index in kept:
            is_incomplete |= column.is_missing
            summaries.append(_summary(column, target, is_target=index == target_index))

    qualities = {
        **_size(summaries, n_rows=arff.n_rows, n_incomplete=int(is_incomplete.sum())),
        **_classes(target, n_rows=arff.n_rows),
        **_moments_of_numbers(summaries),
        **_distinct_values(summaries),
        **_information(summaries, target),
    }
    return {name: _finite(qualities[name]) for name in sorted(qualities)}


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def _summary(column: Column, target: Column | None, *, is_target: bool) -> _Summary:
    is_missing = column.is_missing
    known = column.values[~is_missing]
    n_distinct = entropy = information = None
    if column.is_nominal:
        n_distinct = len(np.unique(known))
        entropy = _entropy(np.bincount(_codes(column)))
        if target is not None and target.is_nominal:
            information = _mutual_information(_codes(column), _codes(target))
    return _Summary(
        is_target=is_target,
        is_nominal=column.is_nominal,
        is_number=column.is_number,
        n_labels=len(column.labels),
        n_missing=int(is_missing.sum()),
        moments=_moments(known) if column.is_number else None,
        n_distinct=n_distinct,
        entropy=entropy,
        information=information,
    )


def _size(summaries: Sequence[_Summary], *, n_rows: int, n_incomplete: int) -> Qualities:
    n_features = len(summaries)
    n_numbers = sum(s.is_number for s in summaries)
    n_nominal = sum(s.is_nominal for s in summaries)
    n_binary = sum(s.is_nominal and s.n_labels == 2 for s in summaries)
    n_missing = sum(s.n_missing for s in summaries)
    return {
        "NumberOfInstances": n_rows,
        "NumberOfFeatures": n_features,
        "Dimensionality": n_features / n_rows if n_rows else 0,
        "NumberOfInstancesWithMissingValues": n_incomplete,
        "NumberOfMissingValues": n_missing,
        "PercentageOfInstancesWithMissingValues": _percentage(n_incomplete, n_rows),
        "PercentageOfMissingValues": _percentage(n_missing, n_rows * n_features),
        "NumberOfNumericFeatures": n_numbers,
        "NumberOfSymbolicFeatures": n_nominal,
        "NumberOfBinaryFeatures": n_binary,
        "PercentageOfNumericFeatures": _percentage(n_numbers, n_features),
        "PercentageOfSymbolicFeatures": _percentage(n_nominal, n_features),
        "PercentageOfBinaryFeatures": _percentage(n_binary, n_features),
    }


def _percentage(part: int, whole: int) -> float | None:
    return part / whole * 100 if whole else None


def _classes(target: Column | None, *, n_rows: int) -> Qualities:
    sizes: NDArray[np.int64] = np.empty(0, dtype=np.int64)
    if target is not None and target.kind != "numeric":
        # A missing class counts as one more class.
        _, sizes = np.unique(target.values, return_counts=True)
    majority = int(sizes.max()) if len(sizes) else None
    minority = int(sizes.min()) if len(sizes) else None
    return {
        "AutoCorrelation": None if target is None else _auto_correlation(target),
        "NumberOfClasses": None if target is None else len(sizes),
        "MajorityClassSize": majority,
        "MinorityClassSize": minority,
        "MajorityClassPercentage": None if majority is None else _percentage(majority, n_rows),
        "MinorityClassPercentage": None if minority is None else _percentage(minority, n_rows),
    }


def _auto_correlation(target: Column) -> float | None:
    """One less the mean change of the target from row to row; a change of class counts 1."""
    n_steps = len(target.values) - 1
    if n_steps < 1:
        return None
    if target.is_number:
        changes = float(np.abs(np.diff(target.values)).sum())
    elif target.is_nominal:
        changes = int((target.values[1:] != target.values[:-1]).sum())
    else:
        changes = 0
    return (n_steps - changes) / n_steps


def _moments(values: NDArray[np.float64]) -> _Moments:
    """Moments of a sample, corrected for its size.

    A constant column has neither skewness nor kurtosis.
    """
    n = len(values)
    if n == 0:
        return _Moments(mean=None, standard_deviation=None, kurtosis=None, skewness=None)
    with np.errstate(over="ignore", invalid="ignore"):
        # The second step takes back what rounding did to the first, so that the mean of a
        # constant is that constant.
        mean = values.mean()
        mean += (values - mean).mean()
        deviation = float(np.sqrt(((values - mean) ** 2).sum() / max(n - 1, 1)))
        scores = (values - mean) / (deviation or np.nan)
        # Products, since powers take many times as long.
        squares = scores * scores
    skewness = kurtosis = math.nan
    if n > 2:
        skewness = n / ((n - 1) * (n - 2)) * float((squares * scores).sum())
    if n > 3:
        weight = n * (n + 1) / ((n - 1) * (n - 2) * (n - 3))
        excess = 3 * (n - 1) ** 2 / ((n - 2) * (n - 3))
        kurtosis = weight * float((squares * squares).sum()) - excess
    return _Moments(
        mean=_finite(float(mean)),
        standard_deviation=_finite(deviation),
        kurtosis=_finite(kurtosis),
        skewness=_finite(skewness),
    )


def _moments_of_numbers(summaries: Sequence[_Summary]) -> Qualities:
    moments = [s.moments for s in summaries if s.moments is not None]
    return {
        **_spread("MeansOfNumericAtts", (m.mean for m in moments)),
        **_spread("StdDevOfNumericAtts", (m.standard_deviation for m in moments)),
        **_spread("KurtosisOfNumericAtts", (m.kurtosis for m in moments)),
        **_spread("SkewnessOfNumericAtts", (m.skewness for m in moments)),
    }


def _spread(name: str, values: Iterable[float | None]) -> Qualities:
    """Mean, extremes and quartiles of a value that each column has; None if no column has it."""
    known = np.array([value for value in values if value is not None])
    if not len(known):
        return dict.fromkeys(f"{part}{name}" for part in _SPREAD)
    # Quartiles at (n + 1) * p, which is what numpy calls weibull.
    quartiles = np.quantile(known, [0.25, 0.5, 0.75], method="weibull")
    spread = (known.mean(), known.min(), known.max(), *quartiles)
    return {f"{part}{name}": float(value) for part, value in zip(_SPREAD, spread, strict=True)}


def _distinct_values(summaries: Sequence[_Summary]) -> Qualities:
    counts = np.array([s.n_distinct for s in summaries if s.n_distinct is not None])
    if not len(counts):
        return dict.fromkeys(f"{part}NominalAttDistinctValues" for part in _DISTINCT)
    stdev = float(counts.std(ddof=1)) if len(counts) > 1 else 0.0
    spread = (counts.max(), counts.min(), counts.mean(), stdev)
    return {
        f"{part}NominalAttDistinctValues": float(value)
        for part, value in zip(_DISTINCT, spread, strict=True)
    }


def _information(summaries: Sequence[_Summary], target: Column | None) -> Qualities:
    """Entropies and mutual informations; only where the target is nominal."""
    inputs = [s for s in summaries if s.information is not None and not s.is_target]
    class_entropy = None
    if target is not None and target.is_nominal:
        class_entropy = _entropy(np.bincount(_codes(target)))
    qualities: Qualities = {
        "ClassEntropy": class_entropy,
        **_spread("AttributeEntropy", (s.entropy for s in inputs)),
        **_spread("MutualInformation", (s.information for s in inputs)),
    }
    entropy = qualities["MeanAttributeEntropy"]
    information = qualities["MeanMutualInformation"] or 0.0
    equivalent_number = noise_ratio = None
    if class_entropy is not None and entropy is not None and information > 0:
        equivalent_number = class_entropy / information
        noise_ratio = (entropy - information) / information
    return {
        **qualities,
        "EquivalentNumberOfAtts": equivalent_number,
        "MeanNoiseToSignalRatio": noise_ratio,
    }


def _codes(column: Column) -> NDArray[np.int64]:
    """Positions of labels; a missing value counts as the first one, as in the engine."""
    return np.nan_to_num(column.values, nan=0).astype(np.int64)


def _entropy(counts: NDArray[np.int64]) -> float:
    """Of a distribution given as counts, in bits."""
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log2(shares)).sum()) + 0.0


def _mutual_information(codes: NDArray[np.int64], classes: NDArray[np.int64]) -> float:
    """Of two columns of positions, in bits, with the engine's 14 decimals."""
    if not len(codes):
        return 0.0
    n_classes = int(classes.max()) + 1
    joint = np.bincount(codes * n_classes + classes, minlength=(int(codes.max()) + 1) * n_classes)
    table = joint.reshape(-1, n_classes)
    gain = _entropy(table.sum(axis=0)) + _entropy(table.sum(axis=1)) - _entropy(table.ravel())
    return round(gain, 14)
