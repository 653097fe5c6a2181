"""Which views of a fruit are worth a close look: the most suspicious ones, and always at least one."""

from __future__ import annotations

from collections.abc import Sequence

LEVEL = 0.5
MOST = 3


def views_to_look_at(suspicions: Sequence[float]) -> tuple[int, ...]:
    """Indices of the views to look at closely, the most suspicious first, of equally suspicious ones the first.

    Those whose suspicion is above `LEVEL`, at most `MOST` of them; where there is none, the most suspicious. Depends on
    nothing but the suspicions: the same views give the same choice, in whatever order they came.

    suspicions: 0-1 by view; empty gives nothing.
    """
    ranked = sorted(range(len(suspicions)), key=lambda view: (-suspicions[view], view))
    return tuple(view for view in ranked[:MOST] if suspicions[view] > LEVEL) or tuple(ranked[:1])
