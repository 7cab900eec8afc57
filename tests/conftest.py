"""What is collected, and settings of the property tests: a busy machine must not make one fail."""

from __future__ import annotations

import os
import signal

from hypothesis import HealthCheck, settings

collect_ignore = [] if "VIDLABEL_DATA" in os.environ else ["labels/metrics/test_published_figures.py"]

# Shells let what they start in the background ignore Ctrl-C, and the processes that tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
