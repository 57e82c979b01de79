"""The cross entropies and focal losses in NumPy: values, and gradients of the logits and labels."""

from __future__ import annotations

import numpy as np

FLOOR = 1e-12  # the focal losses take 1 − p to be at least this


def product(x, y):
    """x·y; 0 where y is."""
    with np.errstate(invalid="ignore"):
        return np.where(y == 0, 0, x * y)


def log_softmax(x):
    with np.errstate(divide="ignore"):
        below = x - x.max(-1, keepdims=True)
        return below - np.log(np.exp(below).sum(-1, keepdims=True))


def softmax_cross_entropy(z, x):
    logs = log_softmax(x)
    return -product(logs, z).sum(-1), np.exp(logs) * z.sum(-1, keepdims=True) - z, -logs


def one_hot(labels, classes):
    return (np.arange(classes) == np.asarray(labels)[..., None]).astype("float64")


def sparse_softmax_cross_entropy(labels, x, smoothing=0.0):
    classes = x.shape[-1]
    smoothed = (1 - smoothing) * one_hot(labels, classes) + smoothing / classes
    return *softmax_cross_entropy(smoothed, x)[:2], None


def sigmoid_cross_entropy(z, x, pos_weight=1.0):
    right, wrong = np.logaddexp(0, -x), np.logaddexp(0, x)  # −log σ(x) and −log σ(−x)
    values = product(right, pos_weight * z) + product(wrong, 1 - z)
    slopes = (1 - z) * np.exp(-right) - pos_weight * z * np.exp(-wrong)
    return values, slopes, pos_weight * right - wrong


def sigmoid_focal(z, x, gamma):
    entropy, slope, of_labels = sigmoid_cross_entropy(z, x)
    share, other = np.exp(-np.logaddexp(0, -x)), np.exp(-np.logaddexp(0, x))
    miss = z * other + (1 - z) * share
    held, moves = np.maximum(miss, FLOOR), miss > FLOOR
    lower = held ** (gamma - 1)
    of_power = gamma * entropy * lower * moves
    return (
        entropy * held**gamma,
        slope * held**gamma + of_power * (1 - 2 * z) * share * other,
        of_labels * held**gamma + of_power * (other - share),
    )


def softmax_focal(z, x, gamma):
    logs = log_softmax(x)
    miss = -np.expm1(logs)
    held, shares = np.maximum(miss, FLOOR), np.exp(logs)
    of_power = gamma * product(logs, shares) * (miss > FLOOR)
    slopes = z * held ** (gamma - 1) * (of_power - held)
    values = -product(logs, z * held**gamma).sum(-1)
    return values, slopes - shares * slopes.sum(-1, keepdims=True), -logs * held**gamma


def sparse_softmax_focal(labels, x, gamma):
    return *softmax_focal(one_hot(labels, x.shape[-1]), x, gamma)[:2], None
