"""Syntax errors in words of our own, at the place where the author has to act."""

from __future__ import annotations

import re

import yaml

from composer.language.diagnostics import Edit, Problem
from composer.language.yaml.composing import Composer
from composer.language.yaml.faults import Complaint, Fault
from composer.language.yaml.faults_of_blocks import BLOCK_RULES, behind_alias
from composer.language.yaml.faults_of_values import VALUE_RULES
from composer.language.yaml.findings import within
from composer.language.yaml.flow import enclosing_flow
from composer.language.yaml.places import Source
from composer.language.yaml.quoting import unquoted_expressions

_RULES = [(re.compile(pattern), rule) for pattern, rule in (*VALUE_RULES, *BLOCK_RULES)]
_TAB = re.compile(r" *\t[ \t]*(?=[^ \t\r\n#])")


def syntax_problems(composer: Composer, error: yaml.YAMLError) -> list[Problem]:
    """The problem behind a parser's error; or the unquoted expressions that led to it."""
    fault = _fault(composer, error)
    found, covered = _expressions(composer, fault.offset)
    if covered:
        return found
    said = _complain(fault)
    if said.covers is not None:
        composer.findings.replace(0, [said.covers], [])
    return [*found, _problem(said, composer.source)]


def _problem(said: Complaint, source: Source) -> Problem:
    edits = [Edit(source.file, said.start, said.end, said.replacement or "")]
    return source.problem(
        said.code,
        said.message,
        said.start,
        said.end,
        help=said.help,
        places=[] if said.also is None else [source.place_of(*said.also)],
        edits=edits if said.replacement is not None else [],
    )


def _fault(composer: Composer, error: yaml.YAMLError) -> Fault:
    mark, context = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    text = composer.source.text
    # libyaml's marks are code points, as ours; at the end of a text it may count one too many.
    offset = min(mark.index, len(text)) if mark else 0
    said = f"{getattr(error, 'context', '') or ''}: {getattr(error, 'problem', '') or ''}"
    return Fault(composer.source, said, offset, min(context.index, offset) if context else offset)


def _expressions(composer: Composer, offset: int) -> tuple[list[Problem], bool]:
    """The cut expressions around an error, and whether one of them is its cause."""
    text = composer.source.text
    start = composer.flow
    if start is None:
        # The scanner reads ahead: it may fail before the collection's first event came.
        start = enclosing_flow(text, composer.reached, offset)
    if start is None:
        return [], False
    problems, stretches = unquoted_expressions(composer.source, start, offset)
    covered = within(offset, stretches)
    if composer.flow is None and not covered:
        return [], False
    composer.findings.replace(0, stretches, [])
    return problems, covered


def _complain(fault: Fault) -> Complaint:
    line = fault.source.line_start(fault.offset)
    tab = _TAB.match(fault.source.text, line)
    if tab and tab.end() >= fault.offset:
        message = "this line is indented with a tab"
        return Complaint(message, tab.start(), tab.end(), "use spaces")
    if alias := behind_alias(fault):
        return alias
    for pattern, rule in _RULES:
        if pattern.search(fault.said):
            return rule(fault)
    return Complaint("the YAML cannot be read here", fault.offset, fault.offset + 1)
