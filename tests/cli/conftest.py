"""Commands that run in the test's own process share its decoding processes and encoders."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _shared(shared_decoding: None, shared_encoders: None) -> None:
    pass
