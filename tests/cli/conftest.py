"""Commands that run in the test's own process share what is dear: decoding processes, encoders, whitening."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _shared(shared_decoding: None, shared_encoders: None, shared_components: None) -> None:
    pass
