"""Every bad input on the real handler, in a process with limited memory and time."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.bad_inputs import CASES, Case, costly, report, small
from tests.server import ROOT

Results = dict[str, dict[str, Any]]
each = pytest.mark.parametrize("case", CASES, ids=[f"{case.group} {case.name}" for case in CASES])


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """The child's results by case, up to one that ended it."""
    path: Path = tmp_path_factory.mktemp("bad-inputs") / "results.jsonl"
    command = [sys.executable, "-m", "tests.lambda_fn.bad_input_child", str(path)]
    subprocess.run(command, cwd=ROOT, capture_output=True)
    found = {result["name"]: result for result in map(json.loads, path.read_text().splitlines())}
    report.write(found)
    return found


def of(case: Case, results: Results) -> dict[str, Any]:
    name = f"{case.group} {case.name}"
    assert name in results, "this case, or one before it, ended the process"
    return results[name]


@each
def test_a_bad_input_gets_its_own_answer(case: Case, results: Results) -> None:
    result = of(case, results)
    body = json.loads(result["body"])
    assert (result["status"], body.get("code", "")) == (case.status, case.code), body
    if case.code:
        assert body.keys() == {"error", "code", "request_id"}
        assert "\n" not in body["error"]
        assert body["error"]


@each
def test_a_bad_input_does_not_change_the_next_answer(case: Case, results: Results) -> None:
    assert of(case, results)["same"]


@pytest.mark.parametrize("case", costly.kept(), ids=lambda case: case.name)
def test_the_costliest_requests_take_a_second(case: Case, results: Results) -> None:
    """Three, for a machine that does other things too. `make fuzz COST=1` found them, and measures them in peace."""
    assert of(case, results)["seconds"] < 3


def test_bad_inputs_get_the_same_answers_over_http(server: httpx.Client) -> None:
    """Through the local gateway: the small ones that a client can send."""
    sent = [case for case in small() if case.over_http]
    found = []
    for case in sent:
        headers = {name: value.encode() for name, value in case.headers.items()}
        answer = server.request(case.method, case.path, headers=headers, content=case.body)
        code = "" if answer.status_code == 200 else json.loads(answer.content or '{"code": ""}')["code"]
        found.append((case.group, case.name, answer.status_code, code))
    # The answer to HEAD has no body, and so no code.
    expected = [(case.group, case.name, case.status, case.code if case.method != "HEAD" else "") for case in sent]
    assert found == expected


def test_all_cases_have_different_names() -> None:
    assert len({f"{case.group} {case.name}" for case in CASES}) == len(CASES)
