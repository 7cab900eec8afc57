"""What is collected, and settings of the property tests: a busy machine must not make one fail."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

collect_ignore = [] if "VIDLABEL_DATA" in os.environ else ["labels/test_published_figures.py"]

settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
