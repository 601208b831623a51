"""The running API keeps to its own description: schemathesis asks, by it, what is right and what is wrong.

In a process of its own, as its pytest plugin would be loaded by every test run.
"""

import subprocess
import sys
from pathlib import Path

from flow.stage import Stage
from flow.test_push_api import Caller
from wxbot.store import contacts, topics

EXAMPLES = 8  # random ones for each call, beside those that schemathesis makes of each limit in the description
SEED = 7
EASIEST = "0"  # the openid that is asked for first: so that calls succeed too
TOPIC = "flight:CA1501:2026-11-25"  # the description's example
# What may be asked depends on the time, and on what was asked before: no description tells that.
LEFT_OUT = "positive_data_acceptance"


def test_every_answer_is_one_that_the_description_tells_of(still: Stage, tmp_path: Path) -> None:
    store, now = still.store(), still.clock.now()
    store.write(lambda tx: contacts.seen(tx, "default", EASIEST, now, None))
    store.write(lambda tx: topics.subscribe(tx, "default", TOPIC, EASIEST, now))
    store.close()
    caller = Caller(still)
    command = [sys.executable, "-m", "schemathesis.cli", "--no-color", "run", f"{caller.base}/openapi.json"]
    options = ["--header", f"Authorization: Bearer {caller.key}", "--phases", "examples,coverage,fuzzing"]
    options += ["--seed", str(SEED), "--max-examples", str(EXAMPLES), "--no-shrink", "--exclude-checks", LEFT_OUT]
    done = subprocess.run([*command, *options], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "✅ Examples" in done.stdout
    assert "✅ Coverage" in done.stdout
    assert "✅ Fuzzing" in done.stdout
    for table in ("followups", "publications"):
        assert still.rows(f"SELECT count(*) > 0 FROM {table}")[0][0], table
