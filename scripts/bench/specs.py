"""What losscomp builds from, in each case that is written out."""

from __future__ import annotations

FOCAL = {"alpha": 0.25, "gamma": 2.0}
"""The parameters of the focal loss, as the others get them."""

DENSE = """
tasks:
  scene: {mask: y_true != 255, loss: sparse_softmax_cross_entropy}
  depth: {mask: y_true > 0, weight: 0.5, loss: huber}
  normals: {mask: y_true.valid, weight: 2, loss: cosine_distance}
"""
SCENE = "{tasks: {scene: {mask: y_true != 255, loss: sparse_softmax_cross_entropy}}}"
CLASSES = "{tasks: {word: {loss: sparse_softmax_cross_entropy}}}"
EMBEDDINGS = "{tasks: {face: {loss: {type: cosine_distance, normalize: true}}}}"
TRIPLET = """
tasks:
  face:
    loss:
      {type: triplet, anchor: y_pred.anchor, positive: y_pred.positive, negative: y_pred.negative}
"""
WEIGHTS = "{tasks: {depth: {mask: y_true > 0, weight: y_true.importance, loss: huber}}}"
SIGMOID = "{tasks: {tags: {mask: y_true.valid, loss: sigmoid_cross_entropy}}}"
SIGMOID_FOCAL = (
    "{tasks: {tags: {mask: y_true.valid, loss: {type: sigmoid_focal, alpha: 0.25, gamma: 2}}}}"
)
