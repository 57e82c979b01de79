"""The pages of codes, whole."""

from __future__ import annotations

import re

import pytest

from composer.codes import CATALOGUE, find
from composer.codes.base import explanation
from composer.command.code_page import INDENT, WIDTH, code_markdown, code_page
from tests.command import RAW

QUICK = [code for code in CATALOGUE if not explanation(find(code)).wrong.model]

UNKNOWN_FIELD = """\
unknown-field (error)

A field that its place does not have.

What is misspelt would otherwise be ignored, and its default used. Keras 3.15
takes `loss_weights` with a key that no output has, and then hands the weights
out in the order of the sorted keys: for outputs `a` and `b`, `{"b": 0.0, "z":
1.0}` gives `a` the weight 0 and `b` the weight 1.

The help names the field that is nearest, or the one that has the meaning of
another library's word, or lists what there is.

Wrong:

    tasks:
      depth:
        loss: {type: huber, wieght: 0.5}

    $ losscomp check loss.yaml
    loss.yaml:3:25: error[unknown-field]: there is no field `wieght` in the loss `huber`
    3 |     loss: {type: huber, wieght: 0.5}
      |                         ^^^^^^
    help: did you mean `weight`?

    1 error in 1 file
    `--fix` mends all of them

Right:

    tasks:
      depth:
        loss: {type: huber, weight: 0.5}
"""

UNREADABLE_FILE = """\
unreadable-file (error)

The file cannot be opened, or is no regular file.

A spec is read once, from a regular file or, with `-`, from the standard input.
A plain `open` of a named pipe that nobody writes to waits for ever; here a
pipe, a device or a socket is refused at once. `losscomp check DIRECTORY` looks
at the specs below a directory.

The exit code is 2, where a spec with problems gives 1, so that a script can
tell a wrong path from a wrong spec. ruff gives 1 for both.

Wrong:

    $ echo 'tasks: {depth: {loss: huber}}' > loss.yaml
    $ losscomp check lost.yaml
    lost.yaml: error[unreadable-file]: the file cannot be read: no such file

    1 error in 1 file

Right:

    $ echo 'tasks: {depth: {loss: huber}}' > loss.yaml
    $ losscomp check loss.yaml
    1 file checked: sound
"""

INVALID_FILE = """\
## invalid-file (error)

A file is no `.npy` file of booleans, integers or real numbers.

The header is read without NumPy and compared with the size of the file. Nothing is unpickled: \
`numpy.load` did so by itself until 1.16.3 (CVE-2019-6446), and an array of objects is a pickle. \
`.npz` archives are not read as constants; one of 972 kB can unpack to 1.9 GB.

**Wrong**

```yaml
constants:
  window: spectrum.npy
tasks:
  speech:
    loss: absolute_difference
    weight: last_axis(window)
```

The files beside it:

```yaml
spectrum.npy: {dtype: complex64, values: [1, 2, 1]}
magnitude.npy: {dtype: float32, values: [1, 2, 1]}
```

```text
$ losscomp check loss.yaml
loss.yaml:2:11: error[invalid-file]: `spectrum.npy` holds `<c8`; booleans, integers or real numbers are required
2 |   window: spectrum.npy
  |           ^^^^^^^^^^^^
help: save it as float32, little-endian

1 error in 1 file
```

**Right**

```yaml
constants:
  window: magnitude.npy
tasks:
  speech:
    loss: absolute_difference
    weight: last_axis(window)
```
"""


@pytest.mark.parametrize(
    ("code", "page"), [("unknown-field", UNKNOWN_FIELD), ("unreadable-file", UNREADABLE_FILE)]
)
def test_the_page_in_a_terminal(code, page):
    assert code_page(code) == page


def test_the_page_in_the_documentation():
    assert code_markdown("invalid-file", level=2) == INVALID_FILE


def test_a_session_is_highlighted_as_one():
    page = code_markdown("unreadable-file")
    assert page.startswith("# unreadable-file (error)\n")
    assert re.findall("```(.+)", page) == ["console", "console"]


@pytest.mark.parametrize("code", QUICK)
def test_pages_are_clean_and_well_formed(code):
    page, markdown = code_page(code), code_markdown(code)
    assert not RAW.search(page)
    assert not RAW.search(markdown)
    prose = [line for line in page.splitlines() if not line.startswith(INDENT)]
    assert max(map(len, prose)) <= WIDTH
    fences = re.findall(r"^.*```.*$", markdown, re.MULTILINE)
    assert fences[1::2] == ["```"] * (len(fences) // 2)
    assert set(fences[::2]) <= {"```yaml", "```text", "```console"}


def test_what_cannot_be_seen_is_made_visible():
    assert r'    depth: {loss: huber, mask: "y_true >\u{200b} 0"}' in code_page("invalid-character")


def test_there_is_no_page_of_another_code():
    for page in (code_page, code_markdown):
        with pytest.raises(KeyError):
            page("unknown-planet")
