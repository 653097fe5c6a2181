"""A browser by the name that people know, from its `User-Agent`. Only shown, never decided upon."""

from __future__ import annotations

_PROGRAMS = (
    ("Edg", "Edge"),
    ("MicroMessenger", "WeChat"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPad", "iPad"),
    ("iPhone", "iPhone"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def browser_name(agent: str) -> str:
    """The first names that fit.

    >>> browser_name("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36")
    'Chrome, Linux'
    >>> browser_name("curl/8.5")
    'curl/8.5'
    """
    found = [next((name for sign, name in names if sign in agent), None) for names in (_PROGRAMS, _SYSTEMS)]
    return ", ".join(name for name in found if name) or agent[:40] or "?"
