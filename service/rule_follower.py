"""What is published or rolled back judges the next fruit, while the service runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Event, Lock, Thread

import structlog

from grader.errors import GraderError
from grader.pipeline import GradeOptions
from grader.rule_shelf import RuleShelf
from grader.rules import Standard
from grader.rules_in_force import RulesInForce, read_rules_in_force
from grader.sku_table import SkuTable
from service.model_follower import POLL_S

VERSIONS_FOLDER = "versions"
"""Of published rules, in the data folder."""


class RuleFollower:
    """Knows which versions are in force; those in use stay when newer ones cannot be read (decision 0048).

    folder: of the versions, see `grader/versions.py`. Raises StandardError, SkuTableError or VersionError when what is
    in force cannot be used at the start.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._shelf = RuleShelf()
        self._reading = Lock()
        self._current = self._read()
        self._problem: str | None = None
        self._stopped = Event()
        self._thread = Thread(target=self._follow, name="rule follower", daemon=True)

    @property
    def current(self) -> RulesInForce:
        """The versions that judge now."""
        return self._current

    def start(self) -> None:
        """Follow from now on, in a thread: the command line publishes too."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> None:
        """Take over what is in force now; keep what is in use and say so in the log where that cannot be read."""
        with self._reading:
            try:
                self._current = self._read()
                self._problem = None
            except GraderError as error:
                if str(error) != self._problem:
                    self._problem = str(error)
                    structlog.get_logger().error("rules_not_used", reason=self._problem)

    def judging(self, options: GradeOptions) -> GradeOptions:
        """The same options under the versions that judge now."""
        return replace(options, rules=self._current)

    def standards(self) -> tuple[Standard, ...]:
        """All standards that may judge now, sorted by id."""
        return self._shelf.standards(self._current)

    def standard(self, name: str) -> Standard:
        """By id or alias. Raises StandardError."""
        return self._shelf.standard(self._current, name)

    def default_standard(self, crop: str) -> Standard:
        """The one for a crop where none is named. Raises StandardError."""
        return self._shelf.default_standard(self._current, crop)

    def sku_table(self, name: str) -> SkuTable:
        """By id. Raises SkuTableError."""
        return self._shelf.sku_table(self._current, name)

    def _read(self) -> RulesInForce:
        found = read_rules_in_force(self.folder)
        self._shelf.check(found)
        return found

    def _follow(self) -> None:
        while not self._stopped.wait(POLL_S):
            self.look()
