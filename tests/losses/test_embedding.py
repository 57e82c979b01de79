"""Values of the embedding losses, and what they do where vectors meet or vanish."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from composer.losses.embedding import Center, CosineDistance, Triplet

ROLES = {"anchor": "y_pred.a", "positive": "y_pred.p", "negative": "y_pred.n"}


class TestCosineDistance:
    def test_values(self, run):
        # By hand: the same, at a right angle, opposite.
        y_true = [[0.6, 0.8], [0.0, 1.0], [0.0, 1.0]]
        y_pred = [[0.6, 0.8], [1.0, 0.0], [0.0, -1.0]]
        found = run(CosineDistance(), y_true=y_true, y_pred=y_pred).values
        np.testing.assert_allclose(found, [[0], [1], [2]], atol=1e-7)

    def test_nothing_is_normalised_unless_asked_for(self, run):
        arrays = {"y_true": [[3.0, 4.0]], "y_pred": [[3.0, 4.0]]}
        np.testing.assert_array_equal(run(CosineDistance(), **arrays).values, [[-24]])
        normalised = run(CosineDistance(normalize=True), **arrays).values
        np.testing.assert_allclose(normalised, [[0]], atol=1e-6)

    @pytest.mark.parametrize("axis", [1, 2, -1, -2])
    def test_agrees_with_tf_losses_on_any_axis(self, axis, run):
        import tensorflow as tf

        y_true, y_pred = np.random.default_rng(0).normal(size=(2, 2, 3, 4)).astype("float32")
        theirs = tf.compat.v1.losses.cosine_distance(y_true, y_pred, axis=axis, reduction="none")
        ours = run(CosineDistance(axis=axis), y_true=y_true, y_pred=y_pred).values
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)

    def test_agrees_with_keras_where_normalised(self, run):
        import keras

        y_true, y_pred = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
        theirs = 1 + keras.losses.cosine_similarity(y_true, y_pred)
        ours = run(CosineDistance(normalize=True), y_true=y_true, y_pred=y_pred).values
        np.testing.assert_allclose(ours[..., 0], theirs, rtol=1e-5, atol=1e-6)

    def test_a_vector_of_zeros_has_value_1_and_gradient_0(self, run_everywhere):
        # Keras has a gradient of -6e6 here.
        zero, unit = [0.0, 0.0], [0.6, 0.8]
        found = run_everywhere(
            CosineDistance(normalize=True), y_true=[unit, zero, zero], y_pred=[zero, unit, zero]
        )
        np.testing.assert_array_equal(found.values, [[1], [1], [1]])
        np.testing.assert_array_equal(found.gradients["y_pred"], np.zeros((3, 2)))

    def test_short_vectors_are_normalised_too(self, run):
        # With an epsilon under the root, as tf.math.l2_normalize has it, this would be near 1.
        short = [[3e-10, 4e-10]]
        found = run(CosineDistance(normalize=True), y_true=short, y_pred=short)
        np.testing.assert_allclose(found.values, [[0]], atol=1e-6)

    def test_signature_follows_the_axis(self):
        def axes(axis):
            signature = CosineDistance(axis=axis).bound_signature()
            return signature.roles["y_pred"].axes, signature.values

        assert axes(-1) == (("batch", "...", "n"), ("batch", "...", 1))
        assert axes(1) == (("batch", "n", "..."), ("batch", 1, "..."))
        assert axes(2) == (("batch", "axis1", "n", "..."), ("batch", "axis1", 1, "..."))
        assert axes(-2) == (("batch", "...", "n", "behind1"), ("batch", "...", 1, "behind1"))

    def test_vectors_are_of_length_1_unless_normalised(self):
        assert CosineDistance().bound_signature().roles["y_pred"].domain == "unit"
        normalised = CosineDistance(normalize=True).bound_signature()
        assert normalised.roles["y_pred"].domain is None

    @pytest.mark.parametrize(
        ("axis", "message"),
        [
            (0, "axis 0 is the batch, whose samples no distance is taken across"),
            (9, "an axis from -8 to 8 is required, found `9`"),
            (-9, "an axis from -8 to 8 is required, found `-9`"),
        ],
    )
    def test_axes_refused(self, axis, message):
        with pytest.raises(ValidationError) as caught:
            CosineDistance(axis=axis)
        assert caught.value.errors()[0]["msg"] == message


class TestTriplet:
    # d(a, p) = 1 or 5 and d(a, n) = 5 or 1, in each of two rows.
    ANCHOR = np.array([[0.0, 0.0], [0.0, 0.0]])
    POSITIVE = np.array([[1.0, 0.0], [3.0, 4.0]])
    NEGATIVE = np.array([[3.0, 4.0], [1.0, 0.0]])

    @pytest.mark.parametrize(
        ("parameters", "expected"),
        [  # by hand
            ({}, [0, 25]),
            ({"margin": 30}, [6, 54]),
            ({"distance": "euclidean"}, [0, 5]),
            ({"distance": "euclidean", "margin": 4.5}, [0.5, 8.5]),
        ],
    )
    def test_values(self, parameters, expected, run):
        loss = Triplet(**ROLES, **parameters)
        found = run(loss, anchor=self.ANCHOR, positive=self.POSITIVE, negative=self.NEGATIVE)
        np.testing.assert_allclose(found.values, expected)

    def test_cosine(self, run):
        # By hand: the cosines with the anchor are 0.6 and 0, so 0.4 − 1 + 1.
        loss = Triplet(**ROLES, distance="cosine")
        found = run(loss, anchor=[[2.0, 0.0]], positive=[[3.0, 4.0]], negative=[[0.0, 7.0]])
        np.testing.assert_allclose(found.values, [0.4], rtol=1e-6)

    def test_every_row_has_its_own_margin(self, run):
        # The blog's formula sums over the batch too: one hinge for all of it.
        loss = Triplet(**ROLES)
        found = run(loss, anchor=self.ANCHOR, positive=self.POSITIVE, negative=self.NEGATIVE)
        assert found.values.shape == (2,)

    @pytest.mark.parametrize("distance", ["squared_euclidean", "euclidean", "cosine"])
    def test_gradients_are_finite_where_vectors_meet_or_vanish(self, distance, run_everywhere):
        # The root of the squared distance, and its naive square, give NaN under XLA.
        point = np.array([[1.0, 2.0], [0.0, 0.0]])
        loss = Triplet(**ROLES, distance=distance)
        found = run_everywhere(loss, anchor=point, positive=point, negative=point)
        np.testing.assert_allclose(found.values, [1, 1], rtol=1e-6)
        for gradient in found.gradients.values():
            np.testing.assert_allclose(gradient, np.zeros((2, 2)), atol=1e-6)

    def test_roles_are_required_and_no_targets(self):
        with pytest.raises(ValidationError):
            Triplet(anchor="y_pred.a", positive="y_pred.p")
        loss = Triplet(**ROLES)
        assert loss.bound_signature().inputs == ("anchor", "positive", "negative")
        assert {role: read.text for role, read in loss.reads().items()} == ROLES
        assert loss.parameters() == {"margin": 1.0, "distance": "squared_euclidean"}

    def test_margin_is_not_negative(self):
        with pytest.raises(ValidationError):
            Triplet(**ROLES, margin=-0.1)


class TestCenter:
    LABELS = np.array([0, 0, 2], "int32")
    FEATURES = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], "float32")

    def step(self, loss, centers, labels, features, present=None):
        """The values before the update, and the centers after it."""
        import tensorflow as tf

        present = np.ones(len(labels), bool) if present is None else present
        roles = {"y_true": tf.constant(labels), "y_pred": tf.constant(features)}
        state = {"centers": tf.constant(centers)}
        values = loss.values(**roles, **state)
        statistics = loss.statistics(tf.constant(present), **roles, **state)
        return values.numpy(), loss.update(state, statistics)["centers"].numpy()

    def test_two_steps(self):
        # The blog's snippet under TensorFlow 2.21 (seed_semantics.md): 45.5, then 24.934.
        loss = Center(num_classes=3, embedding_size=2)
        before = np.zeros((3, 2), "float32")
        values, centers = self.step(loss, before, self.LABELS, self.FEATURES)
        np.testing.assert_allclose(values, [2.5, 12.5, 30.5])
        np.testing.assert_allclose(centers, [[2 / 3, 1], [0, 0], [1.25, 1.5]], rtol=1e-6)
        values, _ = self.step(loss, centers, self.LABELS, self.FEATURES)
        np.testing.assert_allclose(values.sum(), 24.934, rtol=1e-4)

    def test_alpha_0_keeps_the_centers(self):
        loss = Center(num_classes=3, embedding_size=2, alpha=0)
        start = np.ones((3, 2), "float32")
        _, centers = self.step(loss, start, self.LABELS, self.FEATURES)
        np.testing.assert_array_equal(centers, start)

    def test_what_is_absent_moves_nothing(self):
        loss = Center(num_classes=3, embedding_size=2)
        present = np.array([True, False, False])
        features = np.where(present[:, None], self.FEATURES, np.float32(np.nan))
        before = np.zeros((3, 2), "float32")
        _, centers = self.step(loss, before, self.LABELS, features, present)
        np.testing.assert_allclose(centers, [[0.25, 0.5], [0, 0], [0, 0]])

    def test_statistics_add_up_over_replicas(self):
        import tensorflow as tf

        loss = Center(num_classes=3, embedding_size=2)
        centers = tf.ones((3, 2))

        def statistics(rows):
            return loss.statistics(
                tf.fill([len(self.LABELS[rows])], True),
                y_true=tf.constant(self.LABELS[rows]),
                y_pred=tf.constant(self.FEATURES[rows]),
                centers=centers,
            )

        whole, first, second = (statistics(slice(*ends)) for ends in ((0, 3), (0, 1), (1, 3)))
        for name in ("counts", "differences"):
            np.testing.assert_allclose(whole[name], first[name] + second[name])

    def test_no_gradient_reaches_the_centers(self, run):
        loss = Center(num_classes=3, embedding_size=2)
        centers = np.ones((3, 2), "float32")
        found = run(loss, y_true=self.LABELS, y_pred=self.FEATURES, centers=centers)
        np.testing.assert_array_equal(found.gradients["centers"], np.zeros((3, 2)))
        np.testing.assert_allclose(found.gradients["y_pred"], self.FEATURES - 1)

    def test_a_step_compiles(self):
        import tensorflow as tf

        loss = Center(num_classes=3, embedding_size=2)

        @tf.function(jit_compile=True)
        def step(y_true, y_pred, centers):
            roles = {"y_true": y_true, "y_pred": y_pred, "centers": centers}
            statistics = loss.statistics(tf.ones_like(y_true, tf.bool), **roles)
            return loss.update({"centers": centers}, statistics)["centers"]

        found = step(tf.constant(self.LABELS), tf.constant(self.FEATURES), tf.zeros((3, 2)))
        np.testing.assert_allclose(found, [[2 / 3, 1], [0, 0], [1.25, 1.5]], rtol=1e-6)

    def test_the_state_has_its_shape(self):
        assert Center(num_classes=3, embedding_size=2).state() == {"centers": (3, 2)}

    @pytest.mark.parametrize(
        "wrong",
        [
            {"num_classes": 0},
            {"num_classes": 2**20 + 1},
            {"embedding_size": 0},
            {"embedding_size": 65537},
            {"alpha": 1.5},
            {"num_classes": 3.0},
        ],
    )
    def test_parameters_out_of_range(self, wrong):
        with pytest.raises(ValidationError):
            Center(**{"num_classes": 3, "embedding_size": 2} | wrong)
