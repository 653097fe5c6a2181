"""Which views of a fruit are measured, and which are worth a close look: the suspicious ones, at least one."""

from __future__ import annotations

from collections.abc import Sequence

LEVEL = 0.75
"""Above this suspicion a view is looked at closely. Chosen on 85 simulated apples of ten views (48 of them defective):
2.2 close looks a fruit give 82 % of the classes right, 8 % of good fruit rejected and 12 % of defective accepted; ten
give 85, 8 and 10 %. 0.6 takes 3.4 looks (84, 11 and 10 %), 0.8 takes 1.9 (81, 8 and 15 %)."""

MEASURED_VIEWS = 5
"""Views whose size and colour are measured: neighbouring views show much the same skin and the same outline, and views
from opposite sides the same outline mirrored, so the number is odd. On 80 simulated apples of ten views the root mean
square of the diameter's error is 1.06, 1.17, 1.15 and 1.01 mm from ten, five, four and three of them (median 0.5 to
0.6), the mean error of the share of blush 0.053, 0.053, 0.055 and 0.056; the length of a melon errs by 0.8, 0.8 and 5.1
mm from ten, five and four (docs/decisions/0039)."""


def views_to_look_at(suspicions: Sequence[float]) -> tuple[int, ...]:
    """Indices of the views to look at closely, the most suspicious first, of equally suspicious ones the first.

    Those whose suspicion is above `LEVEL`; where there is none, the most suspicious. Depends on nothing but the
    suspicions: the same views give the same choice, in whatever order they came.

    suspicions: 0-1 by view; empty gives nothing.
    """
    ranked = sorted(range(len(suspicions)), key=lambda view: (-suspicions[view], view))
    return tuple(view for view in ranked if suspicions[view] > LEVEL) or tuple(ranked[:1])


def views_to_measure(count: int) -> tuple[int, ...]:
    """Indices of the views whose size and colour are measured: `MEASURED_VIEWS` of so many, evenly over the turn."""
    measured = min(count, MEASURED_VIEWS)
    return tuple(place * count // measured for place in range(measured))
