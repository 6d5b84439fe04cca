"""Values of independent libraries for tests/published.rs, from matrices that both sides draw from the same seeds.

Run once, with the versions that stand in values.json:
    pip install scikit-criteria pymcdm scikit-learn scipy && python compute.py
"""

import importlib.metadata
import json
import pathlib
import warnings

import numpy as np
import skcriteria
from pymcdm import methods, normalizations, weights
from scipy.stats import kendalltau
from skcriteria.agg.similarity import TOPSIS
from skcriteria.agg.simple import WeightedProductModel
from skcriteria.preprocessing import weighters
from skcriteria.preprocessing.scalers import VectorScaler
from sklearn.metrics import adjusted_rand_score, silhouette_score

LIBRARIES = ["numpy", "scipy", "scikit-learn", "pymcdm", "scikit-criteria"]
NORMALISATIONS = {
    "minmax": normalizations.minmax_normalization,
    "vector": normalizations.vector_normalization,
    "sum": normalizations.sum_normalization,
    "max": normalizations.linear_normalization,
}

cases = []


def draws(seed):
    """splitmix64 as doubles in [0, 1): what the tests draw."""
    state = seed
    while True:
        state = (state + 0x9E3779B97F4A7C15) % 2**64
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) % 2**64
        yield ((mixed ^ (mixed >> 31)) >> 11) / 2**53


def add(function, library, seed, shape, expected, **more):
    if not isinstance(expected, (float, type(None))):
        expected = [float(x) for x in expected]
    rows, columns = shape
    cases.append(
        dict(function=function, library=library, seed=seed, rows=rows, columns=columns, expected=expected, **more)
    )


def weighing(seed, matrix, types):
    shape, benefits = matrix.shape, [1] * matrix.shape[1]
    add("entropy", "pymcdm", seed, shape, weights.entropy_weights(matrix))
    add("std", "pymcdm", seed, shape, weights.standard_deviation_weights(matrix))
    add("critic", "pymcdm", seed, shape, weights.critic_weights(matrix), types=benefits)
    decision = skcriteria.mkdm(matrix, benefits)
    critic = weighters.CRITIC(correlation="pearson", scale=True)
    add("entropy", "scikit-criteria", seed, shape, weighters.EntropyWeighter().transform(decision).weights)
    add("std", "scikit-criteria", seed, shape, weighters.StdWeighter().transform(decision).weights)
    add("critic", "scikit-criteria", seed, shape, critic.transform(decision).weights, types=benefits)
    turned = critic.transform(skcriteria.mkdm(matrix, types)).weights
    add("critic", "scikit-criteria, cost criteria turned round", seed, shape, turned, types=types.tolist())


def combining(seed, matrix, given, types):
    shape, benefits = matrix.shape, [1] * matrix.shape[1]
    known = dict(weights=given.tolist(), types=types.tolist())
    for name, normalise in NORMALISATIONS.items():
        found = methods.TOPSIS(normalise)(matrix, given, types)
        add("topsis", "pymcdm", seed, shape, found, **known, normalisation=name)
    for name in ["minmax", "sum"]:
        found = methods.WSM(NORMALISATIONS[name])(matrix, given, types)
        add("weighted_sum", "pymcdm", seed, shape, found, **known, normalisation=name)
    found = methods.WPM(NORMALISATIONS["sum"])(matrix, given, types)
    add("weighted_product", "pymcdm", seed, shape, found, **known, normalisation="sum")
    decision = skcriteria.mkdm(matrix, benefits, weights=given)
    known["types"] = benefits
    found = TOPSIS().evaluate(VectorScaler(target="matrix").transform(decision)).e_.similarity
    add("topsis", "scikit-criteria", seed, shape, found, **known, normalisation="vector")
    found = 10 ** WeightedProductModel().evaluate(decision).e_.score
    add("weighted_product", "scikit-criteria", seed, shape, found, **known, normalisation="none")


def matrices():
    for seed, rows, columns in [(1, 8, 3), (2, 40, 5), (3, 200, 7), (4, 25, 2)]:
        draw = draws(seed)
        matrix = np.array([[0.5 + 9.5 * next(draw) for _ in range(columns)] for _ in range(rows)])
        given = np.array([0.1 + next(draw) for _ in range(columns)])
        types = np.array([1 if next(draw) < 0.7 else -1 for _ in range(columns)])
        weighing(seed, matrix, types)
        combining(seed, matrix, given / given.sum(), types)


def rankings():
    for seed, rows, levels in [(11, 10, 0), (12, 200, 0), (13, 500, 7), (14, 1000, 3), (15, 4, 1)]:
        draw = draws(seed)
        pairs = []
        for _ in range(rows):
            one, other = next(draw), next(draw)
            if levels:
                pairs.append((np.floor(one * levels), np.floor((0.6 * one + 0.4 * other) * levels)))
            else:
                pairs.append((one, 0.5 * one + 0.5 * other))
        tau = kendalltau(*zip(*pairs)).statistic
        add("kendall_tau_b", "scipy", seed, (rows, 2), None if np.isnan(tau) else float(tau), levels=levels)


def partitions():
    for seed, rows, first, second in [(21, 12, 2, 3), (22, 300, 4, 4), (23, 1000, 6, 3), (24, 50, 1, 4)]:
        draw = draws(seed)
        pairs = []
        for _ in range(rows):
            one, other = next(draw), next(draw)
            pairs.append((int(one * first), int((0.7 * one + 0.3 * other) * second)))
        index = float(adjusted_rand_score(*zip(*pairs)))
        add("adjusted_rand", "scikit-learn", seed, (rows, 2), index, clusters=[first, second])
    for seed, rows, columns, clusters in [(31, 20, 2, 2), (32, 300, 4, 3), (33, 500, 6, 5)]:
        draw = draws(seed)
        matrix = np.array([[100 * next(draw) for _ in range(columns)] for _ in range(rows)])
        labels = [int(row[0] / 100 * clusters) for row in matrix]
        value = float(silhouette_score(matrix, labels))
        add("silhouette", "scikit-learn", seed, (rows, columns), value, clusters=clusters)


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    matrices()
    rankings()
    partitions()
    versions = {name: importlib.metadata.version(name) for name in LIBRARIES}
    path = pathlib.Path(__file__).with_name("values.json")
    path.write_text(json.dumps({"versions": versions, "cases": cases}, indent=1))
    print(versions, len(cases))
