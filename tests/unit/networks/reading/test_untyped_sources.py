"""What a source is called is no reason to run it: code runs only where a network is wanted from what the user typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from headstart import Source
from headstart.errors import HeadstartError, SourceError
from headstart.guard.safe_transfer import SafeTransferClassifier, SafeTransferRegressor
from headstart.networks.reading.loading import load_network
from headstart.parameters.transfer import TransferClassifier, TransferRegressor

X, Y = np.arange(24.0).reshape(12, 2), np.arange(12) % 2


@pytest.mark.parametrize("rows", [X, X.tolist(), pd.DataFrame(X, columns=["a", "b"])], ids=["array", "list", "frame"])
@pytest.mark.parametrize(
    "estimator", [SafeTransferClassifier, SafeTransferRegressor, TransferClassifier, TransferRegressor]
)
def test_a_table_is_refused_without_running_the_file(estimator: Any, rows: Any, tmp_path: Path) -> None:
    file = tmp_path / "evil.py"
    file.write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\ndef build(): pass\n")
    with pytest.raises(HeadstartError, match=r"pictures, clips or texts|rows to borrow from"):
        estimator(f"{file}:build").fit(rows, Y)
    assert not (tmp_path / "ran").exists()


def test_a_name_without_a_network_is_never_looked_up() -> None:
    with pytest.raises(SourceError, match=r"found the name of one \('evil.py:build'\).*never looked up: set source="):
        load_network(Source(None, None, "evil.py:build"))
