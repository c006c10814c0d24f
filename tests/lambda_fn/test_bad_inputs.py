"""Every bad input on the real handler, in a process that its memory and its time are capped for."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.bad_inputs import CASES, Case, report, small
from tests.server import ROOT

Results = dict[str, dict[str, Any]]
each = pytest.mark.parametrize("case", CASES, ids=[f"{case.group} {case.name}" for case in CASES])


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """What the child says of each case, as far as it came."""
    path: Path = tmp_path_factory.mktemp("bad-inputs") / "results.jsonl"
    command = [sys.executable, "-m", "tests.lambda_fn.bad_input_child", str(path)]
    subprocess.run(command, cwd=ROOT, capture_output=True)
    found = {result["name"]: result for result in map(json.loads, path.read_text().splitlines())}
    report.write(found)
    return found


def of(case: Case, results: Results) -> dict[str, Any]:
    name = f"{case.group} {case.name}"
    assert name in results, "the process was ended in this case, or before it"
    return results[name]


@each
def test_it_has_its_answer(case: Case, results: Results) -> None:
    result = of(case, results)
    body = json.loads(result["body"])
    assert (result["status"], body.get("code", "")) == (case.status, case.code), body
    if case.code:
        assert body.keys() == {"error", "code", "request_id"}
        assert "\n" not in body["error"]
        assert body["error"]


@each
def test_it_changes_no_later_answer(case: Case, results: Results) -> None:
    assert of(case, results)["same"]


def test_over_http_each_has_the_same_answer(server: httpx.Client) -> None:
    """Through the stand-in for API Gateway, as a client sends it: the small ones that a client can send."""
    sent = [case for case in small() if case.over_http]
    found = []
    for case in sent:
        headers = {name: value.encode() for name, value in case.headers.items()}
        answer = server.request(case.method, case.path, headers=headers, content=case.body)
        code = "" if answer.status_code == 200 else json.loads(answer.content or '{"code": ""}')["code"]
        found.append((case.group, case.name, answer.status_code, code))
    # A HEAD has no body to name its code in.
    expected = [(case.group, case.name, case.status, case.code if case.method != "HEAD" else "") for case in sent]
    assert found == expected


def test_no_two_cases_have_one_name() -> None:
    assert len({f"{case.group} {case.name}" for case in CASES}) == len(CASES)
