"""The table of contents: the module and class of every code, as text, so that none is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from composer.codes.base import Code

CATALOGUE: dict[str, str] = {
    # files: what cannot be read at all
    "unreadable-file": "files:UnreadableFile",
    "too-large": "files:TooLarge",
    "invalid-encoding": "files:InvalidEncoding",
    "invalid-character": "files:InvalidCharacter",
    "empty-document": "files:EmptyDocument",
    # YAML: the syntax
    "invalid-yaml": "syntax:InvalidYaml",
    "unquoted-expression": "syntax:UnquotedExpression",
    "multiple-documents": "syntax:MultipleDocuments",
    "tag-refused": "syntax:TagRefused",
    "too-deep": "syntax:TooDeep",
    # YAML: anchors, aliases and merges
    "unknown-alias": "aliases:UnknownAlias",
    "recursive-alias": "aliases:RecursiveAlias",
    "alias-bomb": "aliases:AliasBomb",
    "invalid-merge": "aliases:InvalidMerge",
    # keys and values
    "invalid-key": "fields:InvalidKey",
    "duplicate-key": "fields:DuplicateKey",
    "unknown-field": "fields:UnknownField",
    "missing-field": "fields:MissingField",
    "unknown-loss": "fields:UnknownLoss",
    "empty-value": "values:EmptyValue",
    "invalid-type": "values:InvalidType",
    "invalid-value": "values:InvalidValue",
    "number-out-of-range": "values:NumberOutOfRange",
    # names
    "invalid-name": "names:InvalidName",
    "reserved-name": "names:ReservedName",
    "duplicate-name": "names:DuplicateName",
    "unknown-name": "names:UnknownName",
    "unknown-tensor": "names:UnknownTensor",
    # expressions
    "invalid-expression": "expressions:InvalidExpression",
    "expression-too-large": "expressions:ExpressionTooLarge",
    "unknown-function": "expressions:UnknownFunction",
    "invalid-argument": "expressions:InvalidArgument",
    # constants and their files
    "invalid-constant": "constants:InvalidConstant",
    "invalid-path": "constants:InvalidPath",
    "invalid-file": "constants:InvalidFile",
    "unplaced-constant": "constants:UnplacedConstant",
    # shapes and dtypes
    "invalid-signature": "tensors:InvalidSignature",
    "shape-mismatch": "tensors:ShapeMismatch",
    "dtype-mismatch": "tensors:DtypeMismatch",
    # --set
    "invalid-override": "overrides:InvalidOverride",
    "unknown-path": "overrides:UnknownPath",
    # warnings: what nothing reads
    "unused-tensor": "warnings_of_unused:UnusedTensor",
    "unused-constant": "warnings_of_unused:UnusedConstant",
    "unused-ignore": "warnings_of_unused:UnusedIgnore",
    # warnings: masks and comparisons
    "constant-mask": "warnings_of_masks:ConstantMask",
    "contradiction": "warnings_of_masks:Contradiction",
    "impossible-comparison": "warnings_of_masks:ImpossibleComparison",
    "inexact-comparison": "warnings_of_masks:InexactComparison",
    # warnings: weights and schedules
    "zero-weight": "warnings_of_weights:ZeroWeight",
    "negative-weight": "warnings_of_weights:NegativeWeight",
    "vanishing-weight": "warnings_of_weights:VanishingWeight",
    "overflowing-weight": "warnings_of_weights:OverflowingWeight",
    "idle-schedule": "warnings_of_schedules:IdleSchedule",
    "backward-schedule": "warnings_of_schedules:BackwardSchedule",
    # warnings: tensors
    "mixed-meaning": "warnings_of_roles:MixedMeaning",
    "probabilities-as-logits": "warnings_of_roles:ProbabilitiesAsLogits",
    "no-gradient": "warnings_of_roles:NoGradient",
    "swapped-sides": "warnings_of_roles:SwappedSides",
    "equal-roles": "warnings_of_roles:EqualRoles",
    "one-class": "warnings_of_sizes:OneClass",
    "one-element": "warnings_of_sizes:OneElement",
    "couples-batch": "warnings_of_sizes:CouplesBatch",
    # --batch: the numbers of a real batch
    "not-finite": "batch:NotFinite",
    "label-out-of-range": "batch_of_labels:LabelOutOfRange",
    "not-probabilities": "batch_of_roles:NotProbabilities",
    "not-a-distribution": "batch_of_labels:NotADistribution",
    "not-positive": "batch_of_roles:NotPositive",
    "not-unit-length": "batch_of_roles:NotUnitLength",
    "looks-like-probabilities": "batch_of_roles:LooksLikeProbabilities",
    "nothing-counts": "batch:NothingCounts",
    "dominant-weight": "batch:DominantWeight",
    # --model and --batch: the tensors that there are
    "tensor-mismatch": "model:TensorMismatch",
    "unused-output": "model:UnusedOutput",
}


def find(code: str) -> type[Code]:
    """The class of a code; raises KeyError. Imports its module alone."""
    import importlib

    module, _, name = CATALOGUE[code].partition(":")
    found: type[Code] = getattr(importlib.import_module(f"composer.codes.{module}"), name)
    return found
