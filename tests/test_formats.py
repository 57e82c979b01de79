"""The output formats of `check`: their schemas, their escapes, and what each leaves out."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest

from tests.command import ROOT, environment, losscomp

SCHEMAS = ROOT / "tests" / "schemas"
WRONG = """\
tasks:
  depth:
    loss: &d
      type: huber
      dleta: 0.5
  pose:
    loss: *d
"""
HOSTILE = 'tasks: {"a\\e[2J\\n::error file=x::pwn,%0A": {loss: "x\\n::error::pwn"}}\n'
FORMATS = ["full", "concise", "json", "github", "sarif"]


def run(tmp_path, output_format, *words, text=WRONG, name="loss.yaml"):
    (tmp_path / name).write_text(text, encoding="utf-8")
    return losscomp("check", name, "--output-format", output_format, *words, cwd=tmp_path)


def test_full(tmp_path):
    assert run(tmp_path, "full").stdout == (
        "loss.yaml:5:7: error[unknown-field]: there is no field `dleta` in the loss `huber`\n"
        "5 |       dleta: 0.5\n"
        "  |       ^^^^^\n"
        "7 |     loss: *d\n"
        "  |           -- used here\n"
        "help: did you mean `delta`?\n"
        "\n"
        "1 error in 1 file\n"
        "`--fix` mends all of them\n"
    )


def test_concise(tmp_path):
    assert run(tmp_path, "concise").stdout == (
        "loss.yaml:5:7: error[unknown-field]: there is no field `dleta` in the loss `huber`\n"
        "1 error in 1 file\n"
        "`--fix` mends all of them\n"
    )


def test_json(tmp_path):
    outcome = run(tmp_path, "json")
    report = json.loads(outcome.stdout)
    assert report["files"] == [
        {
            "file": "loss.yaml",
            "problems": [
                {
                    "code": "unknown-field",
                    "severity": "error",
                    "message": "there is no field `dleta` in the loss `huber`",
                    "help": "did you mean `delta`?",
                    "file": "loss.yaml",
                    "line": 5,
                    "column": 7,
                    "end_column": 12,
                    "places": [
                        {
                            "file": "loss.yaml",
                            "line": 7,
                            "column": 11,
                            "end_column": 13,
                            "text": "used here",
                        }
                    ],
                    "edits": [{"file": "loss.yaml", "start": 53, "end": 58, "text": "delta"}],
                }
            ],
            "notes": [],
        }
    ]
    assert WRONG[53:58] == "dleta"
    assert report["summary"] == {
        "files": 1,
        "errors": 1,
        "warnings": 0,
        "not_shown": 0,
        "exit_code": 1,
    }


def test_github(tmp_path):
    (line, *rest) = run_raw(tmp_path, "github").splitlines()
    assert line == (
        "::error file=loss.yaml,line=5,endLine=5,col=7,endColumn=12,title=losscomp%3A unknown-field"
        "::there is no field `dleta` in the loss `huber`%0Aloss.yaml:7:11: used here"
        "%0Ahelp: did you mean `delta`?"
    )
    assert rest == ["1 error in 1 file", "`--fix` mends all of them"]


def run_raw(tmp_path, output_format, *words, text=WRONG, name="loss.yaml"):
    """Standard output where lines may begin with `::`."""
    import contextlib
    import io

    from composer.command.checking import Manner, check_files

    (tmp_path / name).write_text(text, encoding="utf-8")
    printed = io.StringIO()
    with contextlib.chdir(tmp_path), contextlib.redirect_stdout(printed):
        check_files([name, *words], manner=Manner(output_format))
    return printed.getvalue()


def test_sarif(tmp_path):
    log = json.loads(run(tmp_path, "sarif").stdout)
    (result,) = log["runs"][0]["results"]
    (rule,) = log["runs"][0]["tool"]["driver"]["rules"]
    assert log["runs"][0]["columnKind"] == "unicodeCodePoints"
    assert (result["ruleId"], result["level"]) == ("unknown-field", "error")
    assert result["message"]["text"] == (
        "there is no field `dleta` in the loss `huber`\nhelp: did you mean `delta`?"
    )
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "loss.yaml"},
        "region": {
            "startLine": 5,
            "startColumn": 7,
            "endColumn": 12,
            "snippet": {"text": "      dleta: 0.5"},
        },
    }
    assert result["relatedLocations"][0]["message"] == {"text": "used here"}
    (change,) = result["fixes"][0]["artifactChanges"]
    assert change["replacements"] == [
        {
            "deletedRegion": {"charOffset": 53, "charLength": 5},
            "insertedContent": {"text": "delta"},
        }
    ]
    assert rule["id"] == "unknown-field"
    assert rule["defaultConfiguration"] == {"level": "error"}


CASES = {
    "wrong": WRONG,
    "sound": "tasks: {depth: {loss: huber}}\n",
    "warning": "tasks: {depth: {loss: huber, weight: -1}}\n",
    "empty": "",
    "hostile": HOSTILE,
    "wide": "tasks: {深度: {loss: hübert}}\n",
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    ("output_format", "schema"), [("json", "report.json"), ("sarif", "sarif-2.1.0.json")]
)
def test_schemas(output_format, schema, case, tmp_path):
    outcome = run(tmp_path, output_format, text=CASES[case], name="ä b.yaml")
    schema = json.loads((SCHEMAS / schema).read_text())
    validator = jsonschema.validators.validator_for(schema)
    validator.check_schema(schema)
    jsonschema.validate(json.loads(outcome.stdout), schema, cls=validator)
    assert outcome.stdout.isascii()


@pytest.mark.parametrize("output_format", ["json", "sarif"])
def test_an_override_and_a_missing_file_keep_to_the_schema(output_format, tmp_path):
    (tmp_path / "a.yaml").write_text(CASES["sound"])
    words = ["a.yaml", "gone.yaml", "--set", "tasks.depth.loss.dleta=1"]
    outcome = losscomp("check", *words, "--output-format", output_format, cwd=tmp_path)
    name = {"json": "report.json", "sarif": "sarif-2.1.0.json"}[output_format]
    jsonschema.validate(json.loads(outcome.stdout), json.loads((SCHEMAS / name).read_text()))
    assert outcome.code == 2


@pytest.mark.parametrize("output_format", FORMATS)
def test_hostile_text_is_escaped_for_each_sink(output_format, tmp_path):
    printed = run_raw(tmp_path, output_format, text=HOSTILE)
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", printed)
    commands = [line for line in printed.splitlines() if line.startswith("::")]
    assert len(commands) == (2 if output_format == "github" else 0)


def test_a_file_name_is_escaped_in_a_workflow_command(tmp_path):
    name = "a\n,b:c%.yaml"
    (line, *_) = run_raw(tmp_path, "github", name=name).splitlines()
    assert line.startswith("::error file=a\\u{a}%2Cb%3Ac%25.yaml,line=5,")


def test_a_file_name_is_an_address_in_sarif(tmp_path):
    for name, uri in (("a b#ä.yaml", "a%20b%23%C3%A4.yaml"), (str(tmp_path / "c.yaml"), None)):
        log = json.loads(run(tmp_path, "sarif", name=name).stdout)
        location = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
        found = location["artifactLocation"]["uri"]
        assert found == (uri or f"file://{tmp_path}/c.yaml")


@pytest.mark.parametrize("output_format", FORMATS)
def test_exit_codes_are_those_of_every_format(output_format, tmp_path):
    for case, words, code in (
        ("sound", [], 0),
        ("warning", [], 0),
        ("warning", ["--strict"], 1),
        ("warning", ["--strict", "--ignore", "negative-weight"], 0),
        ("warning", ["--strict", "--select", "zero-weight"], 0),
        ("wrong", ["--ignore", "unknown-field"], 1),
        ("wrong", ["--select", "zero-weight"], 1),
    ):
        (tmp_path / "a.yaml").write_text(CASES[case])
        assert run_code(tmp_path, output_format, words) == code, (case, words)


def run_code(tmp_path, output_format, words):
    import subprocess

    from tests.command import command, environment

    done = subprocess.run(
        command("check", "a.yaml", "--output-format", output_format, *words),
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
    )
    assert done.stderr == b""
    return done.returncode


@pytest.mark.parametrize("output_format", ["json", "github", "sarif"])
def test_formats_for_programs_have_no_colours(output_format, tmp_path):
    assert "\x1b" not in run_raw(tmp_path, output_format)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_offsets_are_those_of_the_text_behind_its_byte_order_mark(mark, end, tmp_path):
    text = f"# \N{GRINNING FACE} 深{end}tasks:{end}  a: {{loss: hubr}} # 深{end}"
    (tmp_path / "a.yaml").write_bytes(mark + text.encode())
    words = ("check", "a.yaml", "--output-format")
    found = json.loads(losscomp(*words, "json", cwd=tmp_path).stdout)["files"][0]["problems"][0]
    (edit,) = found["edits"]
    assert text[edit["start"] : edit["end"]] == "hubr"
    assert (found["line"], found["column"], found["end_column"]) == (3, 13, 17)
    (result,) = json.loads(losscomp(*words, "sarif", cwd=tmp_path).stdout)["runs"][0]["results"]
    (change,) = result["fixes"][0]["artifactChanges"]
    region = change["replacements"][0]["deletedRegion"]
    assert region == {"charOffset": edit["start"], "charLength": 4}


def test_standard_input_has_one_name(tmp_path):
    words = ("check", "-", "--output-format", "json")
    (file,) = json.loads(losscomp(*words, cwd=tmp_path, input=WRONG.encode()).stdout)["files"]
    assert (file["file"], file["problems"][0]["file"]) == ("<stdin>", "<stdin>")


def test_sarif_without_docstrings(tmp_path):
    """Under `python -OO` there are none."""
    (tmp_path / "a.yaml").write_text(WRONG)
    words = ("check", "a.yaml", "--output-format", "sarif")
    outcome = losscomp(*words, cwd=tmp_path, env=environment(PYTHONOPTIMIZE="2"))
    (run,) = json.loads(outcome.stdout)["runs"]
    assert (outcome.code, run["tool"]["driver"]["rules"]) == (1, [{"id": "unknown-field"}])
