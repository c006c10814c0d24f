"""A Logs Insights query and log lines in, the rows of its table out; only what the dashboards' queries use.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """A log line, and how often it occurred at this time."""

    timestamp: str
    members: dict[str, Any]
    times: int = 1

    def of(self, field: str) -> Any:
        return self.timestamp if field == "@timestamp" else self.members.get(field, "")


@dataclass(frozen=True, slots=True)
class Table:
    """Columns, and rows of values."""

    columns: list[str]
    rows: list[list[Any]]


class UnknownQuery(ValueError):
    """A part of the query can't be imitated; the message is that part."""


def run(query: str, lines: Sequence[Line]) -> Table:
    """The query's table.

    Raises:
        UnknownQuery: it can't be imitated.
    """
    table = Table([], [])
    for part in (each.strip() for each in query.split("|")):
        command, _, rest = part.partition(" ")
        match command:
            case "SOURCE":
                continue
            case "fields":
                table = Table(rest.split(", "), [])
            case "filter":
                wanted = re.findall(r'(\w+) = "(\w+)"', rest)
                if rest != " or ".join(f'{field} = "{value}"' for field, value in wanted):
                    raise UnknownQuery(part)
                lines = [line for line in lines if any(line.of(field) == value for field, value in wanted)]
            case "sort":
                field, _, order = rest.partition(" ")
                if table.rows:
                    place = table.columns.index(field)
                    table.rows.sort(key=lambda row: row[place], reverse=order == "desc")
                else:
                    lines = sorted(lines, key=lambda line: line.of(field), reverse=order == "desc")
            case "limit":
                lines = lines[: int(rest)]
            case "stats":
                table = _stats(rest, lines)
            case _:
                raise UnknownQuery(part)
    return table if table.rows else Table(table.columns, [[line.of(each) for each in table.columns] for line in lines])


def _stats(rest: str, lines: Sequence[Line]) -> Table:
    found = re.fullmatch(r"count\(\*\) as (\w+) by ([\w, ]+)", rest)
    if not found:
        raise UnknownQuery(rest)
    fields = found[2].split(", ")
    counts: Counter[tuple[Any, ...]] = Counter()
    for line in lines:
        counts[tuple(line.of(field) for field in fields)] += line.times
    return Table([*fields, found[1]], [[*key, count] for key, count in counts.items()])
