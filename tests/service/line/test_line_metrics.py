from __future__ import annotations

from service.line.ledger import LaneCounts
from service.line.line_metrics import LineMetrics
from service.metrics import Metrics


def test_the_counts_of_every_lane_are_read_at_each_scrape() -> None:
    rows = [("north", "1", LaneCounts(triggers=3, graded=1, no_read=1, open=1, outlets={"juice": 2}))]
    metrics = Metrics()
    metrics.add(LineMetrics(lambda: rows))
    rows.append(("north", "other", LaneCounts(frames=2, used=1, refused={"stale": 1}, late=4, undelivered=5)))
    lines = set(metrics.text().decode().splitlines())
    assert {
        'grader_line_triggers_total{lane="1",line="north"} 3.0',
        'grader_line_fruits_total{lane="1",line="north",result="graded"} 1.0',
        'grader_line_fruits_total{lane="1",line="north",result="abstained"} 0.0',
        'grader_line_outlets_total{lane="1",line="north",outlet="juice"} 2.0',
        'grader_line_open_fruit{lane="1",line="north"} 1.0',
        'grader_line_wrong_sums{lane="1",line="north"} 0.0',
        'grader_line_frames_total{lane="other",line="north",outcome="stale"} 1.0',
        'grader_line_frames_total{lane="other",line="north",outcome="used"} 1.0',
        'grader_line_late_total{lane="other",line="north"} 4.0',
        'grader_line_undelivered_total{lane="other",line="north"} 5.0',
    } <= lines


def test_a_sum_that_is_wrong_shows() -> None:
    metrics = Metrics()
    metrics.add(LineMetrics(lambda: [("north", "1", LaneCounts(triggers=1, late=1))]))
    assert 'grader_line_wrong_sums{lane="1",line="north"} 1.0' in metrics.text().decode()
