"""What a run created, by type, and what it saw, as a page."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.deploy.cloud import Cloud
from tests.deploy.emulator import stand_ins


@dataclass
class Transcript:
    """The steps of a run, and the resources of each stage."""

    say: Callable[[str], None]
    steps: list[str] = field(default_factory=list)
    created: dict[str, Counter[str]] = field(default_factory=dict)
    pretended: dict[str, Counter[str]] = field(default_factory=dict)
    remains: list[str] = field(default_factory=list)

    def step(self, text: str) -> None:
        """Adds what was seen, and prints it."""
        self.steps.append(text)
        self.say(text)

    def resources(self, aws: Cloud, stage: str) -> int:
        """Counts the stage's resources; returns how many there are."""
        stack = f"PostalDigits-{stage}"
        client = aws.client("cloudformation")
        template = client.get_template(StackName=stack)["TemplateBody"]["Resources"]
        pages = client.get_paginator("list_stack_resources").paginate(StackName=stack)
        found = [entry for page in pages for entry in page["StackResourceSummaries"]]
        self.created[stage], self.pretended[stage] = Counter(), Counter()
        for entry in found:
            kind = entry["ResourceType"]
            properties = template[entry["LogicalResourceId"]].get("Properties", {})
            (self.pretended if stand_ins.reason(kind, properties) else self.created)[stage][kind] += 1
        return len(found)

    def page(self) -> str:
        """The page in Markdown."""
        steps = "".join(f"{number}. {step}\n" for number, step in enumerate(self.steps, 1))
        remains = "".join(f"- {what}\n" for what in self.remains) or "- (the run did not come so far)\n"
        return (
            "# A deployment, from bootstrap to destroy\n\n"
            "Written by `make test-deploy`, which runs the commands of the [Makefile](../Makefile) against\n"
            "ministack, an emulator of AWS on this machine.\n\n"
            f"## What happened\n\n{steps}\n## What remained after `make destroy`\n\n{remains}\n"
            f"## Resources by type\n\n{self._table()}"
        )

    def _table(self) -> str:
        stages = list(self.created)
        kinds = sorted(
            {kind for counts in (self.created, self.pretended) for stage in stages for kind in counts[stage]}
        )
        lines = [f"| type | {' | '.join(stages)} | in the emulator |", f"|---|{'---:|' * len(stages)}---|"]
        for kind in kinds:
            for counts, how in ((self.created, _created(kind)), (self.pretended, _pretended(kind))):
                if any(counts[stage][kind] for stage in stages):
                    numbers = " | ".join(str(counts[stage][kind]) for stage in stages)
                    lines.append(f"| {kind} | {numbers} | {how} |")
        for counts, name in ((self.created, "created"), (self.pretended, "stand-ins")):
            numbers = " | ".join(f"**{counts[stage].total()}**" for stage in stages)
            lines.append(f"| **{name}** | {numbers} | |")
        return "\n".join(lines) + "\n\nNo resource is left out of the template.\n"


def _created(kind: str) -> str:
    gap = stand_ins.GAPS.get(kind)
    return f"created; {gap}" if gap else "created"


def _pretended(kind: str) -> str:
    return f"**stand-in**: {stand_ins.STAND_INS.get(kind, stand_ins.METRIC_MATH)}"
