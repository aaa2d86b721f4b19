"""One poison event of each kind in a batch of a thousand: the others are stored, and the batch takes no longer than a clean one twice."""

import statistics
import time
import uuid

from tests.http.tables import rows
from tests.http.test_refusals import BAD, post
from tests.service import KEYS, Waystage

NEIGHBOURS = 999
PLACE = 500
TRIES = 6
"""How often a slow one is tried again, as the machine may have been at other things."""

GOOD = '{{"type":"track","event":"Good","userId":"{run}","messageId":"{run}-{number}"}}'


def batch(waystage: Waystage, poison: bytes | None) -> float:
    """Post a batch with new ids, and check what became of it; the seconds that it took."""
    run = uuid.uuid4().hex
    raws = [GOOD.format(run=run, number=number).encode() for number in range(NEIGHBOURS + (poison is None))]
    if poison is not None:
        raws.insert(PLACE, poison)
    started = time.perf_counter()
    answer = post(waystage, raws, KEYS.write)
    took = time.perf_counter() - started
    (stored,) = rows(waystage, "select count(*) from events where user_id = $1", run)
    assert stored["count"] == answer["accepted"] == NEIGHBOURS + (poison is None)
    assert [one["index"] for one in answer["rejected"]] == [PLACE] * (poison is not None)
    return took


def test_one_poison_event_in_a_thousand(shared_waystage: Waystage) -> None:
    assert len(BAD) >= 40
    failed = "select code from failed_events order by id desc limit 1"
    clean, slow = [batch(shared_waystage, None) for _ in range(5)], []
    for kind, bad in BAD.items():
        clean.append(batch(shared_waystage, None))
        limit = 2 * statistics.median(clean)
        if all(batch(shared_waystage, bad.raw) > limit for _ in range(TRIES)):
            slow.append(kind)
        assert rows(shared_waystage, failed) == [{"code": bad.code.value}]
    assert slow == []
