"""Loss classes of one's own: only from `--losses`, and no way for a module to end in a traceback."""

from __future__ import annotations

import sys

import pytest

from composer import Loss
from composer.command.own_losses import OwnLossesError, load_own_losses
from composer.reading import own_losses
from tests.command import environment, losscomp

HEAD = """\
from abc import ABC
from typing import ClassVar, Literal
from composer import Loss, Signature
"""
SIGNATURE = """\
    signature: ClassVar[Signature] = Signature("y_true=float[...], y_pred=float[...] -> float[...]")
"""
VALUES = """\
    def values(self, y_true, y_pred):
        return (y_pred - y_true) ** 2 * self.factor
"""
FIELDS = """\
    type: Literal["mine"] = "mine"
    factor: float = 1.0
"""
CLASS = f"class Mine(Loss):\n{FIELDS}{SIGNATURE}{VALUES}"
SPEC = "tasks: {depth: {loss: {type: mine, factor: 2.0}}}\n"


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes a module, and makes its directory the working one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "a.yaml").write_text(SPEC)

    def write(text, name="own.py"):
        content = text if isinstance(text, bytes) else text.encode()
        (tmp_path / name).write_bytes(content)
        return name

    return write


def test_a_file_gives_the_classes_that_it_defines(write):
    second = CLASS.replace("Mine", "Other").replace("mine", "other")
    base = f"class Base(Loss, ABC):\n{SIGNATURE}"
    name = write(f"{HEAD}from composer.losses.regression import Huber\n{base}{CLASS}{second}")
    assert [each.__name__ for each in load_own_losses([name])] == ["Mine", "Other"]
    assert all(issubclass(each, Loss) for each in load_own_losses([name]))


def test_an_installed_module_is_named_by_its_module(write, tmp_path, monkeypatch):
    (tmp_path / "package_of_mine").mkdir()
    write(HEAD + CLASS, "package_of_mine/losses.py")
    monkeypatch.syspath_prepend(tmp_path)
    (found,) = load_own_losses(["package_of_mine.losses"])
    assert found.__module__ == "package_of_mine.losses"


def test_two_files_of_one_name_are_kept_apart(write, tmp_path):
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        field = f'Kind = Literal["{place}"]\nclass Mine(Loss):\n    type: Kind = "{place}"\n'
        write(f"{HEAD}{field}    factor: float = 1.0\n{SIGNATURE}{VALUES}", f"{place}/own.py")
    first, second = load_own_losses(["a/own.py", "b/own.py"])
    assert first.__module__ != second.__module__
    assert (first().type, second().type) == ("a", "b")  # pydantic resolves `Kind` only now
    assert list(own_losses([first, second])) == ["a", "b"]


MISTAKES = {
    "nothing": ("", "`own.py` defines no subclass of `composer.Loss`"),
    "imported": (
        "from composer.losses.regression import Huber",
        "`own.py` defines no subclass of `composer.Loss`",
    ),
    "no-values": (
        f"{HEAD}class Mine(Loss):\n{FIELDS}{SIGNATURE}",
        "Mine of `own.py` has no method `values`",
    ),
    "no-type": (
        f"{HEAD}class Mine(Loss):\n{SIGNATURE}{VALUES}",
        "Mine should give `type` a default, such as `my_pose`",
    ),
    "odd-type": (
        HEAD + CLASS.replace('"mine"', '"my loss"'),
        "Mine should give `type` a default, such as `my_pose`",
    ),
    "taken": (HEAD + CLASS.replace('"mine"', '"huber"'), "the type `huber` of Mine is taken"),
    "twice": (
        HEAD + CLASS + CLASS.replace("class Mine", "class Other"),
        "the type `mine` of Other is taken",
    ),
    "no-signature": (
        f"{HEAD}class Mine(Loss):\n{FIELDS}{VALUES}",
        "Mine should have a `signature`",
    ),
    "no-role": (
        HEAD + CLASS.replace("y_true=float", "anchor=float"),
        "Mine reads `anchor` by its signature and should have it as a field: `anchor: Read`",
    ),
    "wrong-signature": (
        HEAD + CLASS.replace(" -> float[...]", ""),
        "`own.py` cannot be imported: SignatureError: a signature ends with `-> float[…]`",
    ),
    "exits": (
        "import sys; sys.exit('bye')",
        "`own.py` cannot be imported: SystemExit: bye",
    ),
    "exits-silently": ("raise SystemExit", "`own.py` cannot be imported: SystemExit"),
    "raises": ("1 / 0", "`own.py` cannot be imported: ZeroDivisionError: division by zero"),
    "raises-more": (
        "raise RuntimeError('a\\x1b[2J\\n::error::b')",
        "`own.py` cannot be imported: RuntimeError: a\\u{1b}[2J",
    ),
    "no-syntax": (
        "x = (",
        "`own.py` cannot be imported: SyntaxError: '(' was never closed (own.py, line 1)",
    ),
    "no-module": (
        "import not_there_at_all",
        "`own.py` cannot be imported: ModuleNotFoundError: No module named 'not_there_at_all'",
    ),
    "not-text": (
        b"\x00\xff",
        "`own.py` cannot be imported: SyntaxError: source code string cannot contain null bytes",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_ends_in_one_sentence(mistake, write):
    text, message = MISTAKES[mistake]
    write(text)
    with pytest.raises((OwnLossesError, TypeError)) as error:
        own_losses(load_own_losses(["own.py"]))
    assert str(error.value).replace("\x1b", "\\u{1b}") == message


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.py", "there is no file `missing.py`"),
        ("directory.py", "there is no file `directory.py`"),
        (
            "not_there",
            "`not_there` cannot be imported: ModuleNotFoundError: No module named 'not_there'",
        ),
        ("", "`` cannot be imported: ValueError: Empty module name"),
        ("json", "`json` defines no subclass of `composer.Loss`"),
        ("a.yaml", "`a.yaml` cannot be imported: ModuleNotFoundError: No module named 'a'"),
    ],
)
def test_what_is_no_module(name, message, write, tmp_path):
    (tmp_path / "directory.py").mkdir()
    with pytest.raises(OwnLossesError) as error:
        load_own_losses([name])
    assert str(error.value) == message


def test_an_interrupt_is_no_mistake_of_the_module(write):
    with pytest.raises(KeyboardInterrupt):
        load_own_losses([write("raise KeyboardInterrupt")])


@pytest.mark.parametrize("mistake", ["exits", "raises-more", "no-signature", "taken"])
@pytest.mark.parametrize("words", [["check"], ["build"]])
def test_a_mistake_is_2_on_the_command_line(words, mistake, write, tmp_path):
    text, message = MISTAKES[mistake]
    write(text)
    outcome = losscomp(*words, "a.yaml", "--losses", "own.py", cwd=tmp_path)
    assert (outcome.code, outcome.stdout, outcome.stderr) == (2, "", f"error: {message}\n")


def test_check_with_a_loss_of_ones_own(write, tmp_path):
    write(HEAD + CLASS + "print('loaded')\n")
    outcome = losscomp("check", "a.yaml", "--losses", "own.py", cwd=tmp_path)
    assert (outcome.code, outcome.stdout) == (0, "1 file checked: sound\n")
    assert outcome.stderr == "loaded\n"  # our answer stays our own


def test_a_parameter_of_a_loss_of_ones_own_is_checked(write, tmp_path):
    write(HEAD + CLASS)
    write("tasks: {depth: {loss: {type: mine, facto: 2.0}}}\n", "a.yaml")
    outcome = losscomp("check", "a.yaml", "--losses", "own.py", cwd=tmp_path)
    assert outcome.told == [
        "a.yaml:1:36: error[unknown-field]: there is no field `facto` in the loss `mine`",
        "help: did you mean `factor`?",
        "1 error in 1 file",
    ]
    assert outcome.code == 1


def test_several_modules(write, tmp_path):
    write(HEAD + CLASS)
    write(HEAD + CLASS.replace("Mine", "Yours").replace("mine", "yours"), "yours.py")
    write("tasks: {depth: {loss: [mine, yours, huber]}}\n", "a.yaml")
    words = ["check", "a.yaml", "--losses", "own.py", "--losses", "yours.py"]
    assert losscomp(*words, cwd=tmp_path).code == 0


def test_a_module_by_name_is_looked_for_where_python_looks(write, tmp_path):
    write(HEAD + CLASS)
    words = ["check", "a.yaml", "--losses", "own"]
    assert losscomp(*words, cwd=tmp_path).stderr == (
        "error: `own` cannot be imported: ModuleNotFoundError: No module named 'own'\n"
    )
    path = environment()["PYTHONPATH"] + ":" + str(tmp_path)
    assert losscomp(*words, cwd=tmp_path, env=environment(PYTHONPATH=path)).code == 0


def test_a_spec_cannot_name_a_module(write, tmp_path):
    write("open('pwned', 'w')")
    for text in (
        "losses: own.py\ntasks: {depth: {loss: huber}}\n",
        "tasks: {depth: {loss: own.py}}\n",
        "tasks: {depth: {loss: own:Mine}}\n",
        "tasks: {depth: {loss: {type: huber, losses: [own.py]}}}\n",
        "constants: {own: own.py}\ntasks: {depth: {loss: huber}}\n",
    ):
        write(text, "a.yaml")
        assert losscomp("check", "a.yaml", cwd=tmp_path).code == 1
    assert not (tmp_path / "pwned").exists()
