"""docs/reliability.md has a row for each campaign, and the report printed it."""

import re

import pytest

from faults import report
from faults.figures import Row, machine, milliseconds, spread

ROW = re.compile(r"^\| [^|]+ \| [^|]+ \| [\d,]+ \| [^|]+ \| `python -m faults\.(\w+)( --[\w-]+( [\w.]+)?)*` \|$")


def test_the_page_has_rows_of_every_campaign_and_is_as_the_report_prints_it():
    text = report.PAGE.read_text()
    assert text.startswith(report.HEAD)
    end = re.escape(report.TAIL).replace(re.escape("{machines}"), r"\d+ cores, .*Python 3\.\d+\.\d+")
    assert re.search(f"\n{end}$", text), "the report's own last words"
    lines = text.removeprefix(report.HEAD).split("\n\n")[0].splitlines()
    found = [ROW.match(line) for line in lines]
    assert all(found), [line for line, match in zip(lines, found, strict=True) if not match]
    assert list(dict.fromkeys(match[1] for match in found)) == list(report.CAMPAIGNS)


def test_a_page_is_made_of_what_the_campaigns_kept(monkeypatch):
    kept = {"campaign": "delivery", "command": "python -m faults.delivery", "machine": machine(), "figures": {}}
    monkeypatch.setattr("faults.delivery.rows", lambda figures: [Row("It | holds", "much", 20000, "0 lost")])
    text = report.page([kept])
    assert "| It \\| holds | much | 20,000 | 0 lost | `python -m faults.delivery` |\n" in text
    assert text.count(machine()) == 1


@pytest.mark.parametrize("count", [1, 100, 1000])
def test_percentiles_are_times_that_were_measured(count):
    seconds = [(k + 1) / 1000 for k in range(count)]
    found = spread(seconds)
    assert (found["count"], found["max_ms"]) == (count, count)
    assert found["median_ms"] == -(-count // 2) and found["p99_ms"] == -(-99 * count // 100)


def test_times_are_told_as_people_read_them():
    assert milliseconds(spread([0.0123, 0.5, 3.21])) == "median 500 ms, longest 3.2 s"
    assert milliseconds(spread([0.001] * 99 + [2])) == "median 1 ms, 99 % within 1 ms, longest 2.0 s"
    assert milliseconds(spread([])) == "none"
