"""The load: when requests are due, which answers are right, and what the figures show."""

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.measure.load import objectives, results, traffic
from scripts.measure.load.plan import Phase, phases
from scripts.measure.load.results import Row
from scripts.measure.load.traffic import Request
from scripts.measure.processes import Sample
from tests.bad_inputs import CASES

STEADY = Phase("steady", "steady", 10, 100)


def row(kind: str = "1 image", milliseconds: float = 5, status: int = 200, fault: str = "") -> Row:
    return Row(0, "steady", kind, milliseconds, status, fault)


def run(**members: Any) -> dict[str, Any]:
    """A good run, with the given members of its steady phase or of the run."""
    found = results.of_phase(Phase("steady", "steady", 300, 100), [row()] * 30_000)
    found |= {key: value for key, value in members.items() if key in found}
    run = {"quick": False, "phases": [found], "hostile": None, "memory": None}
    return run | {key: value for key, value in members.items() if key in run}


def missed(found: dict[str, Any]) -> list[str]:
    return [row.what for row in objectives.every(found) if row.held is False]


def test_arrivals_are_evenly_spaced() -> None:
    assert Phase("", "", 2, 4).arrivals() == [(due / 4, "good") for due in range(8)]


def test_a_rise_ends_at_its_rate() -> None:
    dues = [due for due, _ in Phase("", "", 10, 100, begin=1).arrivals()]
    assert len(dues) == 505
    assert dues[-1] - dues[-2] == pytest.approx(1 / 100, rel=0.02)
    assert dues == sorted(dues)


def test_hostile_requests_are_added_to_the_good() -> None:
    kinds = [kind for _, kind in Phase("", "", 1, 9, hostile=1).arrivals()]
    assert (kinds.count("good"), kinds.count("hostile")) == (9, 1)


def test_users_rise_and_fall() -> None:
    phase = Phase("", "", 30, users=10)
    assert [phase.users_at(offset) for offset in (-1, 0, 5, 10, 19, 25, 29.9, 30)] == [0, 1, 5, 10, 10, 5, 1, 0]


def test_the_whole_run_is_long_enough_for_its_objective() -> None:
    (steady,) = (phase for phase in phases(quick=False) if phase.name == "steady")
    assert len(steady.arrivals()) >= objectives.ENOUGH
    assert 9 < sum(phase.seconds for phase in phases(quick=False)) / 60 < 11


def test_phases_are_chosen_by_group_and_unknown_groups_refused() -> None:
    assert {phase.group for phase in phases(True, ["steady", "hostile"])} == {"steady", "hostile"}
    with pytest.raises(ValueError, match="no phases called noon; there are warm-up, steady"):
        phases(True, ["noon"])


@pytest.mark.parametrize(
    ("status", "content", "fault"),
    [
        (200, {"y": [7, 2]}, ""),
        (200, {"y": [7, 3]}, "wrong digits"),
        (200, {"y": [7]}, "wrong digits"),
        (200, {"z": 1}, "not an answer"),
        (500, {"y": [7, 2]}, "status 500 in place of 200"),
    ],
)
def test_an_answer_is_right_only_with_the_models_digits(status: int, content: object, fault: str) -> None:
    assert Request("2 images", b"", digits=(7, 2)).fault(status, json.dumps(content).encode()) == fault


def test_a_bad_request_must_get_its_own_status() -> None:
    assert Request("hostile", None, status=413).fault(413, b"{}") == ""
    assert Request("hostile", None, status=413).fault(400, b"{}") == "status 400 in place of 413"


def test_requests_have_their_shares_and_the_models_digits(mnist: Any) -> None:
    source = traffic.good()
    sent = [next(source) for _ in range(200)]
    assert [sum(len(request.digits) == size for request in sent) for size in (1, 16, 100)] == [140, 50, 10]
    singles = [request for request in sent if len(request.digits) == 1]
    assert len({request.body for request in singles}) == len(singles)
    assert sum(request.digits == (label,) for request, label in zip(singles, mnist[1], strict=False)) > 135


def test_each_hostile_request_is_one_of_the_bad_inputs_with_its_status() -> None:
    known = {(case.path, len(case.body or b""), case.status) for case in CASES if case.status >= 400}
    source = traffic.hostile()
    sent = [next(source) for _ in range(300)]
    assert {(request.path, len(request.body or b""), request.status) for request in sent} <= known


def test_locusts_csv_is_read(tmp_path: Path) -> None:
    file = tmp_path / "requests.csv"
    head = "timestamp,request_type,name,response_time_ms,response_length,status_code,exception\n"
    file.write_text(
        head + '12.5,POST,steady|1 image,3.25,99,200,\n13.5,POST,steady|hostile,1.0,0,0,"no answer, none"\n'
    )
    assert results.read(file) == [
        Row(12.5, "steady", "1 image", 3.25, 200, ""),
        Row(13.5, "steady", "hostile", 1.0, 0, "no answer, none"),
    ]


def test_a_phase_counts_sent_refused_failed_and_lost_requests() -> None:
    rows = [row(milliseconds=n) for n in range(1, 101)]
    rows += [row(status=429, milliseconds=2), row(status=502, fault="x"), row("hostile", 900, 400)]
    found = results.of_phase(STEADY, rows)
    assert {key: found[key] for key in ("requests", "right", "refused", "failures", "fives", "hostile", "lost")} == {
        "requests": 103, "right": 100, "refused": 1, "failures": 1, "fives": 1, "hostile": 1, "lost": 897,
    }  # fmt: skip
    assert (found["p50"], found["p99"], found["rate"]) == (50, 99, 10)


def test_hostile_traffic_is_compared_pair_by_pair() -> None:
    times = {"plain 1": 10, "hostile 1": 11, "plain 2": 100, "hostile 2": 130, "plain 3": 10, "hostile 3": 12}
    found = [{"name": name, "group": "hostile", "p99": p99} for name, p99 in times.items()]
    assert results.of_hostile(found) == {"ratio": 1.2, "low": 1.1, "high": 1.3, "pairs": 3}
    assert results.of_hostile([]) is None


def test_only_growing_memory_has_a_slope() -> None:
    grows = [Sample(second, 100_000_000 + 1000 * second, 9) for second in range(300)]
    assert results.slope(grows) == pytest.approx(3.6)
    wavers = [Sample(second, 100_000_000 + 5000 * (second % 2), 9) for second in range(300)]
    assert abs(results.slope(wavers) or 9) < 0.1
    assert results.slope(grows[:9]) is None


def test_a_good_run_misses_no_objective() -> None:
    assert missed(run()) == []


@pytest.mark.parametrize(
    "members",
    [
        {"lost": 1},
        {"failures": 1},
        {"fives": 1},
        {"requests": 29_999},
        {"p99": 301},
        {"p50": None},
        {"over_capacity": True, "refused": 9, "refused_p99": 501},
        {"hostile": {"ratio": 1.21, "low": 1, "high": 2, "pairs": 6}},
        {"memory": {"slope": 21, "files_before": 5, "files_after": 5}},
        {"memory": {"slope": 0, "files_before": 5, "files_after": 6}},
    ],
)
def test_one_fault_misses_one_objective(members: dict[str, Any]) -> None:
    hostile = members.get("hostile")
    assert len(missed(run(**members))) == 1, hostile


def test_a_trial_misses_no_objective_of_the_whole_run() -> None:
    memory = {"slope": 999, "files_before": 5, "files_after": 5}
    assert (
        missed(run(quick=True, requests=10, memory=memory, hostile={"ratio": 3, "low": 1, "high": 9, "pairs": 1})) == []
    )
