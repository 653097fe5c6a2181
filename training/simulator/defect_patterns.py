"""Which pattern paints which kind of defect.

A pattern is a pure function of (u, v, skin colour, random generator made from the defect's seed, severity).
"""

from __future__ import annotations

from grader.types import DefectKind
from training.simulator.decay_patterns import bruise, other, rot, scab, sooty, spots
from training.simulator.pattern_parts import Pattern
from training.simulator.wound_patterns import crack, insect, puncture, russet, scald, scar, sunburn

PATTERNS: dict[DefectKind, Pattern] = {
    DefectKind.BRUISE: bruise,
    DefectKind.ROT: rot,
    DefectKind.SCAB: scab,
    DefectKind.RUSSET: russet,
    DefectKind.SCALD: scald,
    DefectKind.SUNBURN: sunburn,
    DefectKind.PUNCTURE: puncture,
    DefectKind.CRACK: crack,
    DefectKind.SCAR: scar,
    DefectKind.INSECT: insect,
    DefectKind.SPOTS: spots,
    DefectKind.SOOTY: sooty,
    DefectKind.OTHER: other,
}
