"""The commands: what they take, how they help, and what they say of a wrong word."""

from __future__ import annotations

import os
import subprocess

import pytest

import composer
from tests.command import ROOT, command, environment, losscomp

SOUND = "tasks: {depth: {loss: huber}}\n"
BROKEN = "tasks: {depth: {loss: hubert}}\n"

HELP = """\
Usage: losscomp [OPTIONS] COMMAND [ARGS]...

  The loss of a multi-task TensorFlow model from one YAML file.

  Examples:
    losscomp init loss.yaml
    losscomp check loss.yaml
    losscomp build loss.yaml --batch batch.npz
    losscomp explain shape-mismatch

Options:
  --version             Show the version and exit.
  --install-completion  Install completion for the current shell.
  --show-completion     Show completion for the current shell, to copy it or
                        customize the installation.
  -h, --help            Show this message and exit.

Commands:
  init     Write a commented spec to start from.
  check    Prove specs right, without TensorFlow.
  build    Build a spec and show what each loss contributes on a batch.
  bench    Measure how long each loss takes, and how much memory.
  show     Show a spec resolved, and its total as a formula.
  plot     Draw the weights over the steps and the penalty of each loss.
  diff     Show what changed in the formula from one spec to another.
  explain  Explain the code of a problem, or a loss.
  losses   List the losses, with what they take.
  schema   Print the JSON Schema of a spec, for editors.
"""

CHECK_HELP = """\
Usage: losscomp check [OPTIONS] {FILE…}...

  Prove specs right, without TensorFlow.

  Shows every problem with its place and what to write instead. Exit code 0:
  sound, with or without warnings; 1: problems; 2: wrong usage or a file that
  cannot be read; 3: a fault of losscomp's own.

  A warning is left out on a line that ends with `# losscomp: ignore[code]`.
  What is an error of the spec itself is always told.

  Examples:
    losscomp check loss.yaml
    losscomp check configs/ other.yaml --strict
    cat loss.yaml | losscomp check -
    losscomp check loss.yaml --batch batch.npz
    losscomp check loss.yaml --model model.keras
    losscomp check loss.yaml --losses my_losses.py
    losscomp check loss.yaml --diff
    losscomp check loss.yaml --fix
    losscomp check loss.yaml --set tasks.depth.weight=0.3
    losscomp check configs/ --output-format github

Arguments:
  FILE… <list[str]>  Specs, directories of specs, or - for stdin.  [required]

Options:
  --batch FILE.npz             A real batch, with arrays named y_true.depth,
                               y_pred.depth, …: takes shapes and dtypes from
                               it, and looks at its numbers.
  --model FILE.keras           A Keras model, whose outputs are compared with
                               the spec. Loads TensorFlow.
  --step N                     The training step of the batch.  [default: 0;
                               x>=0]
  --losses MODULE              Module or .py file with loss classes of your
                               own. May be repeated.
  --set PATH=VALUE             Put a value in the place of the file's, such as
                               tasks.depth.weight=0.3. May be repeated.
  --fix                        Mend what can only mean one thing, and tell
                               what is left. The mended text of - goes to
                               standard output.
  --diff                       Show what --fix would change, and write
                               nothing.
  --output-format FORMAT       full, concise, json, github or sarif.
                               [default: full]
  --max-errors N               Show at most N problems; 0 shows all.
                               [default: 100; x>=0]
  --strict                     Warnings fail too.
  --select CODE                Tell these warnings alone. Commas, or repeated.
  --ignore CODE                Do not tell these warnings. Commas, or
                               repeated.
  -q, --quiet                  Leave out notes and counts; -qq all.  [default:
                               0]
  -v, --verbose                Tell every file, its time, and the versions.
  --color <auto|always|never>  Colours; auto asks NO_COLOR, FORCE_COLOR and
                               the terminal.  [default: auto]
  -h, --help                   Show this message and exit.
"""

BUILD_HELP = """\
Usage: losscomp build [OPTIONS] {CONFIG}

  Build a spec and show what each loss contributes on a batch.

  Exit code 0: all numbers are finite; 1: problems, or a number that is not
  finite; 2: wrong usage or a file that cannot be read; 3: a fault of
  losscomp's own.

  Examples:
    losscomp build loss.yaml
    losscomp build loss.yaml --batch batch.npz --step 500
    losscomp build loss.yaml --batch batch.npz --json
    losscomp build loss.yaml --set tasks.depth.weight=0.3
    losscomp build loss.yaml --export exported/

Arguments:
  CONFIG <str>  The spec, or - for stdin.  [required]

Options:
  --batch FILE.npz             A batch: arrays named y_true.depth,
                               y_pred.depth, …; by default one is drawn from
                               `tensors:`.
  --step N                     The training step.  [default: 0; x>=0]
  --json                       Print JSON instead of a table.
  --losses MODULE              Module or .py file with loss classes of your
                               own. May be repeated.
  --set PATH=VALUE             Put a value in the place of the file's, such as
                               tasks.depth.weight=0.3. May be repeated.
  --export DIR                 Also write the total loss as a SavedModel.
  --color <auto|always|never>  Colours; auto asks NO_COLOR, FORCE_COLOR and
                               the terminal.  [default: auto]
  -h, --help                   Show this message and exit.
"""

TRY = "Try 'losscomp -h' for help.\n\n"
TRY_CHECK = (
    "Usage: losscomp check [OPTIONS] {FILE…}...\nTry 'losscomp check -h' for help.\n\nError: "
)
TRY_BUILD = "Usage: losscomp build [OPTIONS] {CONFIG}\nTry 'losscomp build -h' for help.\n\nError: "


@pytest.mark.parametrize("flag", ["-h", "--help"])
@pytest.mark.parametrize(
    ("words", "text"), [([], HELP), (["check"], CHECK_HELP), (["build"], BUILD_HELP)]
)
def test_help(words, text, flag, tmp_path):
    outcome = losscomp(*words, flag, cwd=tmp_path)
    assert (outcome.code, outcome.stdout, outcome.stderr) == (0, text, "")


def test_no_words_show_the_help(tmp_path):
    outcome = losscomp(cwd=tmp_path)
    assert (outcome.code, outcome.stdout, outcome.stderr) == (2, "", HELP)


@pytest.mark.parametrize("words", [["--version"], ["--version", "check"]])
def test_version(words, tmp_path):
    outcome = losscomp(*words, cwd=tmp_path)
    assert outcome.stdout == f"losscomp {composer.__version__}\n"
    assert (outcome.code, outcome.stderr) == (0, "")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (
            ["chek", "a.yaml"],
            f"Usage: losscomp [OPTIONS] COMMAND [ARGS]...\n{TRY}"
            "Error: No such command 'chek'. Did you mean 'check', 'schema'?\n",
        ),
        (
            ["--nope"],
            f"Usage: losscomp [OPTIONS] COMMAND [ARGS]...\n{TRY}Error: No such option: --nope\n",
        ),
        (["check"], f"{TRY_CHECK}Missing argument 'FILE…'.\n"),
        (
            ["check", "a.yaml", "--loses", "x"],
            f"{TRY_CHECK}No such option: --loses (Possible options: --losses, --set, --verbose)\n",
        ),
        (["check", "a.yaml", "--losses"], "Error: Option '--losses' requires an argument.\n"),
        (["build"], f"{TRY_BUILD}Missing argument 'CONFIG'.\n"),
        (["build", "a.yaml", "b.yaml"], f"{TRY_BUILD}Got unexpected extra argument(s) (b.yaml)\n"),
        (
            ["build", "a.yaml", "--bach", "b"],
            f"{TRY_BUILD}No such option: --bach (Possible options: --batch)\n",
        ),
        (
            ["build", "a.yaml", "--step", "-1"],
            f"{TRY_BUILD}Invalid value for '--step': Input should be greater than or equal to 0\n",
        ),
        (
            ["build", "a.yaml", "--step", str(2**63)],
            "error: `--step` is at most 9223372036854775807\n",
        ),
    ],
)
def test_wrong_usage_is_2_and_says_what_is_right(words, text, tmp_path):
    outcome = losscomp(*words, cwd=tmp_path)
    assert (outcome.code, outcome.stdout, outcome.stderr) == (2, "", text)


@pytest.mark.parametrize(
    "words", [["chek"], ["check", "--x"], ["build", "a", "b"], ["build", "a", "--step"]]
)
def test_wrong_words_are_escaped(words, tmp_path):
    """A shell puts the names of files where words stand: `losscomp check *`."""
    outcome = losscomp(*words[:-1], words[-1].encode() + b"\x1b[2J\n::error::\xff", cwd=tmp_path)
    assert outcome.code == 2
    assert "\\x1b[2J" in outcome.stderr


def test_a_step_that_is_no_number(tmp_path):
    outcome = losscomp("build", "a.yaml", "--step", "soon", cwd=tmp_path)
    assert outcome.stderr.startswith(f"{TRY_BUILD}Invalid value for '--step': ")
    assert (outcome.code, outcome.stdout) == (2, "")


@pytest.fixture
def tree(tmp_path):
    """Specs in a tree, some of them hidden."""
    for name, text in {
        "b.yaml": SOUND, "a.yml": SOUND, "sub/deep/c.yaml": BROKEN, "sub/d.yaml": SOUND,
        ".hidden/e.yaml": BROKEN, "sub/.git/f.yaml": BROKEN, "notes.txt": BROKEN,
        "empty/.keep": "",
    }.items():  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("files", "told", "code"),
    [
        (["b.yaml", "a.yml"], ["2 files checked: sound"], 0),
        (["b.yaml", "b.yaml"], ["2 files checked: sound"], 0),
        (["notes.txt"], ["notes.txt:1:23", "1 error in 1 file"], 1),
        (["."], ["./sub/deep/c.yaml:1:23", "1 error in 4 files"], 1),
        (["sub/"], ["sub/deep/c.yaml:1:23", "1 error in 2 files"], 1),
        ([".hidden"], [".hidden/e.yaml:1:23", "1 error in 1 file"], 1),
        (
            ["b.yaml", "sub", "-"],
            ["sub/deep/c.yaml:1:23", "<stdin>:1:23", "2 errors in 4 files"],
            1,
        ),
        (["-"], ["<stdin>:1:23", "1 error in 1 file"], 1),
    ],
)
def test_files_directories_and_stdin(files, told, code, tree):
    outcome = losscomp("check", *files, cwd=tree, input=BROKEN.encode())
    lines = [line for line in outcome.told if not line.startswith("help: ")]
    error = ": error[unknown-loss]: there is no loss `hubert`"
    assert lines == [*(place + error for place in told[:-1]), told[-1]]
    assert (outcome.code, outcome.stderr) == (code, "")


def test_specs_of_a_directory_come_in_order(tree):
    for name in ("b.yaml", "a.yml", "sub/d.yaml", "sub/deep/c.yaml"):
        (tree / name).write_text(BROKEN)
    outcome = losscomp("check", ".", cwd=tree)
    places = [line.split(":")[0] for line in outcome.told if "error[" in line]
    assert places == ["./a.yml", "./b.yaml", "./sub/d.yaml", "./sub/deep/c.yaml"]


@pytest.mark.parametrize("directory", ["empty", "sub/.git/.."])
def test_a_directory_without_specs_is_wrong_usage(directory, tree):
    (tree / "sub" / "d.yaml").unlink()
    (tree / "sub" / "deep" / "c.yaml").unlink()
    outcome = losscomp("check", "b.yaml", directory, cwd=tree)
    message = f"error: there is no .yaml or .yml file in `{directory}`\n"
    assert (outcome.code, outcome.stdout, outcome.stderr) == (2, "", message)


def test_a_link_to_a_directory_is_not_followed_but_one_to_a_file_is(tree):
    (tree / "sub" / "up").symlink_to(tree)
    (tree / "sub" / "linked.yaml").symlink_to(tree / "b.yaml")
    assert losscomp("check", "sub", cwd=tree).told[-1] == "1 error in 3 files"


@pytest.mark.parametrize(
    ("words", "shown"), [([], 100), (["--max-errors", "7"], 7), (["--max-errors", "0"], 300)]
)
def test_what_is_shown_is_capped_and_all_is_counted(words, shown, tmp_path):
    fields = "".join(f"  field_{i}: 1\n" for i in range(150))
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(f"tasks: {{a: {{loss: huber}}}}\nregularization:\n{fields}")
    outcome = losscomp("check", "a.yaml", "b.yaml", *words, cwd=tmp_path)
    told = [line for line in outcome.told if not line.startswith("help: ")]
    expected = [
        f"{name}:{i + 3}:3: error[unknown-field]: there is no field `field_{i}` in `regularization`"
        for name in ("a.yaml", "b.yaml")
        for i in range(150)
    ]
    assert told[:-1] == expected[:shown]
    hidden = f"; {300 - shown} of them not shown" if shown < 300 else ""
    assert told[-1] == f"300 errors in 2 files{hidden}"
    assert outcome.code == 1


def test_build_shows_the_problems_of_a_spec_on_the_error_stream(tmp_path):
    (tmp_path / "a.yaml").write_text(BROKEN)
    outcome = losscomp("build", "a.yaml", cwd=tmp_path)
    assert outcome.stderr == (
        "a.yaml:1:23: error[unknown-loss]: there is no loss `hubert`\n"
        "1 | tasks: {depth: {loss: hubert}}\n"
        "  |                       ^^^^^^\n"
        "help: did you mean `huber`?\n\n"
    )
    assert (outcome.code, outcome.stdout) == (1, "")


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ([], "a batch is needed: give `--batch FILE.npz`, or describe the tensors under `tensors:` "
             "and one is drawn"),
        (["--batch", "b.npz"], "`b.npz` cannot be read: no such file or directory"),
        (["--batch", "a.yaml"], "`a.yaml` is no `.npz` file; write it with `numpy.savez`"),
    ],
)  # fmt: skip
def test_build_without_a_batch_answers_without_tensorflow(batch, message, tmp_path):
    (tmp_path / "a.yaml").write_text(SOUND)
    outcome = losscomp("build", "a.yaml", *batch, cwd=tmp_path)
    assert (outcome.code, outcome.stdout, outcome.stderr) == (2, "", f"error: {message}\n")


def test_completion_completes(tmp_path):
    for words, expected in (("losscomp ch", "check"), ("losscomp build a --ex", "--export")):
        count = str(len(words.split()) - 1)
        env = environment(
            COMP_WORDS=words,
            COMP_CWORD=count,
            _LOSSCOMP_COMPLETE="complete_bash",
            HOME=str(tmp_path),
        )
        assert losscomp(cwd=tmp_path, env=env).stdout == f"{expected}\n"


def test_completion_is_installed(tmp_path):
    env = environment(HOME=str(tmp_path))
    done = subprocess.run(
        ["/bin/bash", "-c", '"$@"; exit $?', "bash", *command("--install-completion")],
        cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    script = tmp_path / ".bash_completions" / "losscomp.sh"
    assert f"source '{script}'" in (tmp_path / ".bashrc").read_text()
    assert "complete -o default -F _losscomp_completion losscomp" in script.read_text()


CONFIGS = sorted((ROOT / "configs").rglob("*.yaml"))


def test_every_shipped_spec_is_sound(tmp_path):
    outcome = losscomp("check", str(ROOT / "configs"), cwd=tmp_path)
    assert outcome.stdout == f"{len(CONFIGS)} files checked: sound\n"
    assert (outcome.code, outcome.stderr) == (0, "")


def test_what_starts_with_a_dash_comes_after_two(tmp_path):
    (tmp_path / "-a.yaml").write_text(SOUND)
    assert losscomp("check", "--", "-a.yaml", cwd=tmp_path).code == 0
    assert losscomp("check", f".{os.sep}-a.yaml", cwd=tmp_path).code == 0
