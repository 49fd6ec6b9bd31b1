"""Laws of the Work port on real time."""

from actors.core.work import Job, RealWork


def test_real_work_lets_nobody_wait() -> None:
    """Computing has taken its time by itself: whoever spends it goes on at once, every time, without giving way."""

    async def spending(work: RealWork) -> None:
        for _ in range(2):
            await work.spend(Job.PARSE, 1)

    turns = spending(RealWork())
    try:
        turns.send(None)
    except StopIteration:
        return
    raise AssertionError("it gave way")
