from __future__ import annotations

import asyncio
from threading import Event

import pytest

from service.errors import BusyError
from service.grading_pool import RETRY_AFTER_S, GradingPool


def test_work_runs_outside_the_event_loop_and_its_result_comes_back() -> None:
    pool = GradingPool(workers=1, queue_limit=0)
    release = Event()

    async def main() -> str:
        with pool.place() as place:
            task = asyncio.create_task(place.run(lambda: "done" if release.wait(10) else "blocked"))
            await asyncio.sleep(0)  # the loop is free while the thread waits
            release.set()
            return await task

    assert asyncio.run(main()) == "done"
    assert pool.taken == 0
    pool.close()


@pytest.mark.parametrize(("workers", "queue_limit"), [(1, 0), (1, 2), (3, 0)])
def test_exactly_workers_plus_queue_places(workers: int, queue_limit: int) -> None:
    pool = GradingPool(workers=workers, queue_limit=queue_limit)
    places = [pool.place() for _ in range(workers + queue_limit)]
    for place in places:
        place.__enter__()
    with pytest.raises(BusyError, match="are taken") as refused, pool.place():
        pass
    assert refused.value.retry_after_s == RETRY_AFTER_S
    assert pool.taken == workers + queue_limit
    places[0].__exit__(None, None, None)
    with pool.place():
        assert pool.taken == workers + queue_limit
    pool.close()


def test_a_place_is_given_back_when_the_work_fails() -> None:
    pool = GradingPool(workers=1, queue_limit=0)

    async def main() -> None:
        with pool.place() as place:
            await place.run(lambda: 1 // 0)

    with pytest.raises(ZeroDivisionError):
        asyncio.run(main())
    assert pool.taken == 0
    pool.close()


def test_closing_waits_for_work() -> None:
    pool = GradingPool(workers=1, queue_limit=1)
    done: list[int] = []

    async def main() -> None:
        for number in (1, 2):
            with pool.place() as place:
                await place.run(lambda number=number: done.append(number))

    asyncio.run(main())
    pool.close()
    assert done == [1, 2]
