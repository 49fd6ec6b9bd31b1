"""Small streams of transactions for tests, from hypothesis or seeded at random."""

import numpy as np
from hypothesis import strategies as st

from actors.core.transaction import Columns, cut

START_US = 1_770_000_000_000_000
DAY_US = 86_400_000_000

Row = tuple[int, int, int, int | None, int, tuple[float, float] | None]


def columns_of(rows: list[Row]) -> Columns:
    """Return transactions from (gap in µs, card, merchant, device, cents, place)."""
    gaps, cards, merchants, devices, cents, places = zip(*rows, strict=True)
    return Columns(
        ids=[f"t{number}" for number in range(len(rows))],
        event_us=START_US + np.cumsum(np.array(gaps, dtype=np.int64)),
        cards=[f"c0-{card}" for card in cards],
        merchants=[f"m0-{merchant}" for merchant in merchants],
        cents=np.array(cents, dtype=np.int64),
        amount=np.array(cents, dtype=np.float64) / 100,
        currency=["EUR"] * len(rows),
        category=[("fuel", "5411", None)[merchant % 3] for merchant in merchants],
        channel=["online" if place is None else "pos" for place in places],
        device=[None if device is None else f"d0-{device}" for device in devices],
        ip_country=[None if device is None else "FR" for device in devices],
        card_country=[("FR", "DE", None)[card % 3] for card in cards],
        lat=np.array([np.nan if place is None else place[0] for place in places]),
        lon=np.array([np.nan if place is None else place[1] for place in places]),
    )


def streams(max_size: int = 80) -> st.SearchStrategy[Columns]:
    """Return streams in which few entities meet often, gaps span microseconds to days, and some go back in time."""
    gap = st.one_of(
        st.integers(0, 10),
        st.integers(-600_000_000, 1_200_000_000),
        st.sampled_from([1_800_000_000, 3_600_000_000, 3_599_999_999, DAY_US, 7 * DAY_US]),
    )
    place = st.one_of(st.none(), st.tuples(st.floats(-90, 90), st.floats(-180, 180)))
    device = st.one_of(st.none(), st.integers(0, 3))
    cents = st.one_of(st.integers(0, 10_000), st.just(100_000_000_000))
    row = st.tuples(gap, st.integers(0, 4), st.integers(0, 3), device, cents, place)
    return st.lists(row, min_size=1, max_size=max_size).map(columns_of)


def random_stream(
    count: int, seed: int, *, cards: int = 50, merchants: int = 20, days: float = 2.0, devices: int = 40
) -> Columns:
    """Return ``count`` transactions spread over ``days``, in time order, about a third of them online."""
    chance = np.random.default_rng(seed)
    online = chance.random(count) < 1 / 3
    times = np.sort(chance.integers(0, int(days * DAY_US), count))
    place = np.where(online, np.nan, 1.0)
    cents = np.rint(chance.lognormal(8, 1, count)).astype(np.int64)
    who, where, which = (chance.integers(0, most, count).tolist() for most in (cards, merchants, devices))
    rows: list[Row] = [
        (0, card, merchant, device if remote else None, 0, None)
        for card, merchant, device, remote in zip(who, where, which, online, strict=True)
    ]
    columns = columns_of(rows)
    return Columns(
        ids=columns.ids,
        event_us=START_US + times,
        cards=columns.cards,
        merchants=columns.merchants,
        cents=cents,
        amount=cents / 100,
        currency=columns.currency,
        category=columns.category,
        channel=["online" if remote else "pos" for remote in online],
        device=columns.device,
        ip_country=columns.ip_country,
        card_country=columns.card_country,
        lat=chance.uniform(-60, 60, count) * place,
        lon=chance.uniform(-180, 180, count) * place,
    )


def batches(columns: Columns, *sizes: int) -> list[Columns]:
    """Return ``columns`` cut into batches of these sizes, over and over, to the end."""
    parts, start, turn = [], 0, 0
    while start < len(columns):
        end = start + sizes[turn % len(sizes)]
        parts.append(cut(columns, slice(start, end)))
        start, turn = end, turn + 1
    return parts
