"""Pins the router's charts and tables for any number of domains: readable, worst first, names told apart."""

from xml.etree import ElementTree as ET

import pytest
import router_run
from report_run import DOMAINS

from flows.report.charts.router_charts import confusion_chart
from flows.report.charts.svg import shortened
from flows.report.derived import confused
from flows.report.tables import router_tables
from tasks.records.router import RouterReport


def router(labels: tuple[str, ...] = DOMAINS) -> RouterReport:
    return RouterReport.model_validate(router_run.router_report(labels))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("count", [1, 2, 12, 13, 150])
def test_any_number_of_domains_has_a_readable_confusion_chart(count: int) -> None:
    labels = tuple(f"a domain with a rather long name, number {number}" for number in range(count))
    drawn = ET.fromstring(confusion_chart(router(labels)))  # noqa: S314  our own drawing
    texts = ["".join(node.itertext()).strip() for node in drawn.iter() if node.tag.endswith("text")]
    assert len(texts) <= 12 * 12 + 2 * 12 + 2
    assert max(map(len, texts)) < 50


def test_a_router_without_mistakes_among_many_domains_has_no_pairs_to_draw() -> None:
    labels = [f"d{number}" for number in range(20)]
    confusion = [[5 * (row == column) for column in range(20)] for row in range(20)]
    perfect = router(tuple(labels)).model_copy(update={"confusion": confusion})
    assert confusion_chart(perfect) == ""


def test_confused_pairs_come_most_frequent_first_and_without_the_diagonal() -> None:
    found = confused(router().model_copy(update={"confusion": [[9, 0, 1], [4, 6, 0], [0, 2, 8]]}))
    assert [(pair.domain, pair.routed, pair.questions) for pair in found] == [
        ("depression", "anxiety", 4),
        ("ocd", "depression", 2),
        ("anxiety", "ocd", 1),
    ]
    assert [pair.share for pair in found] == [0.4, 0.2, 0.1]


def test_of_many_domains_the_weakest_stand_first() -> None:
    labels = tuple(f"d{number}" for number in range(40))
    table = router_tables.labels_table(router(labels[::-1]))
    f1 = [float(row[3]) for row in table.rows]
    assert len(f1) == 40
    assert f1 == sorted(f1)


def test_long_names_keep_the_end_in_which_they_differ() -> None:
    names = [f"transfer_money_to_account_{number}" for number in range(12)]
    assert len({shortened(name, 20) for name in names}) == 12
    assert max(len(shortened(name, 20)) for name in names) == 20
