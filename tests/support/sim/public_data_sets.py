"""Small made-up files in the shape of public data sets: the same columns and ways of writing, none of their rows."""

import csv
import datetime as dt
import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import polars as pl

ROWS = 600


def handbook(folder: Path) -> Path:
    """Write what the converted files of the Fraud Detection Handbook look like."""
    rows = [
        {
            "TRANSACTION_ID": number,
            "TX_DATETIME": at.replace(tzinfo=None),
            "CUSTOMER_ID": card,
            "TERMINAL_ID": shop,
            "TX_AMOUNT": amount,
            "TX_FRAUD": int(fraud),
            "TX_FRAUD_SCENARIO": 2 * int(fraud),
        }
        for number, at, card, shop, amount, fraud in _drawn("2018-04-01", "2018-08-15")
    ]
    file = folder / "handbook.parquet"
    pl.DataFrame(rows).write_parquet(file)
    return file


def sparkov(folder: Path) -> Path:
    """Write what Sparkov's generator writes: an index without a name first, and a clock that is years off."""
    rows = (
        {
            "": number,
            "trans_date_trans_time": f"{at:%Y-%m-%d %H:%M:%S}",
            "cc_num": 4000120000000000 + card * 37,
            "merchant": f'fraud_Made, Up and "Sons" {shop}' if shop % 7 == 0 else f"fraud_Made-Up {shop}",
            "category": ("grocery_pos", "gas_transport", "misc_net")[shop % 3],
            "amt": f"{amount:.2f}",
            "first": "Ann",
            "last": "Example",
            "gender": "F",
            "street": "1 Nowhere Street",
            "city": "Nowhere",
            "state": "NC",
            "zip": 28654,
            "lat": 36.0788,
            "long": -81.1781,
            "city_pop": 3495,
            "job": "Tester, software",
            "dob": "1988-03-09",
            "trans_num": f"{number:032x}",
            "unix_time": int(at.timestamp()) - 220_000_000,
            "merch_lat": 36.0 + shop / 50,
            "merch_long": -82.0 + shop / 50,
            "is_fraud": int(fraud),
        }
        for number, at, card, shop, amount, fraud in _drawn("2020-01-01", "2020-06-21")
    )
    return _csv(folder / "fraudTrain.csv", rows)


def paysim(folder: Path) -> Path:
    """Write what PaySim writes: hours counted from nowhere, and accounts where cards would be."""
    start = dt.datetime(2017, 1, 1, tzinfo=dt.UTC)
    rows = (
        {
            "step": 1 + int((at - start).total_seconds() // 3600),
            "type": "TRANSFER" if fraud else ("PAYMENT", "CASH_OUT", "CASH_IN", "DEBIT")[card % 4],
            "amount": f"{amount * 100:.2f}",
            "nameOrig": f"C{1_000_000 + number}",
            "oldbalanceOrg": "170136.0",
            "newbalanceOrig": "160296.36",
            "nameDest": f"{'C' if fraud else 'M'}{2_000_000 + shop}",
            "oldbalanceDest": "0.0",
            "newbalanceDest": "0.0",
            "isFraud": int(fraud),
            "isFlaggedFraud": 0,
        }
        for number, at, card, shop, amount, fraud in _drawn("2017-01-01", "2017-01-31")
    )
    return _csv(folder / "paysim.csv", rows)


def ieee_cis(folder: Path) -> Path:
    """Write what the transactions of IEEE-CIS look like: seconds from nowhere, parts of cards, hundreds of columns."""
    start = dt.datetime(2017, 11, 30, tzinfo=dt.UTC)
    rows = (
        {
            "TransactionID": 2_987_000 + number,
            "isFraud": int(fraud),
            "TransactionDT": int((at - start).total_seconds()),
            "TransactionAmt": f"{amount:.3f}".rstrip("0"),
            "ProductCD": "WHCRS"[shop % 5],
            "card1": 13_000 + card,
            "card2": "" if card % 9 == 0 else f"{400 + card % 40}.0",
            "card3": "150.0",
            "card4": ("visa", "mastercard")[card % 2],
            "card5": "" if card % 11 == 0 else "226.0",
            "card6": ("debit", "credit")[card % 2],
            "addr1": "" if number % 8 == 0 else f"{300 + card % 50}.0",
            "addr2": "87.0",
            "dist1": "",
            "P_emaildomain": "gmail.com",
            "R_emaildomain": "",
            **{f"C{each}": 1.0 for each in range(1, 15)},
            **{f"D{each}": "" for each in range(1, 16)},
            **{f"M{each}": "T" for each in range(1, 10)},
            **{f"V{each}": 0.0 for each in range(1, 340)},
        }
        for number, at, card, shop, amount, fraud in _drawn("2017-12-01", "2018-05-31")
    )
    return _csv(folder / "train_transaction.csv", rows)


def tabformer(folder: Path) -> Path:
    """Write what TabFormer's transactions look like: by user and card, not by time, with signs before the amounts."""
    drawn = sorted(_drawn("2018-01-01", "2019-03-31"), key=lambda each: (each[2] // 3, each[2] % 3, each[1]))
    rows = (
        {
            "User": card // 3,
            "Card": card % 3,
            "Year": at.year,
            "Month": at.month,
            "Day": at.day,
            "Time": f"{at:%H:%M}",
            "Amount": f"$-{amount:.2f}" if number % 50 == 7 and not fraud else f"${amount:.2f}",
            "Use Chip": "Swipe Transaction" if shop % 2 else "Online Transaction",
            "Merchant Name": -7_000_000_000_000_000_000 + shop,
            "Merchant City": "ONLINE",
            "Merchant State": "",
            "Zip": "",
            "MCC": 5300 + shop % 9,
            "Errors?": "",
            "Is Fraud?": "Yes" if fraud else "No",
        }
        for number, at, card, shop, amount, fraud in drawn
    )
    return _csv(folder / "card_transaction.v1.csv", rows)


SHAPES: dict[str, Callable[[Path], Path]] = {
    "handbook": handbook,
    "sparkov": sparkov,
    "paysim": paysim,
    "ieee-cis": ieee_cis,
    "tabformer": tabformer,
}


def _drawn(first: str, last: str) -> Iterator[tuple[int, dt.datetime, int, int, float, bool]]:
    """Yield number, time, card, shop, amount and fraud of each transaction: evenly over the days, the end included."""
    chance = random.Random(first)
    start = dt.datetime.fromisoformat(first).replace(tzinfo=dt.UTC)
    days = (dt.datetime.fromisoformat(last).replace(tzinfo=dt.UTC) - start).days + 1
    for number in range(ROWS):
        at = start + dt.timedelta(seconds=round((number + 0.5) * days * 86_400 / ROWS))
        fraud = number % 12 == 5
        amount = round(chance.lognormvariate(3, 1) * (4 if fraud else 1), 2)
        yield number, at, chance.randrange(60), chance.randrange(20), amount, fraud


def _csv(file: Path, rows: Iterator[Mapping[str, object]]) -> Path:
    with file.open("w", newline="") as stream:
        first = next(rows)
        writer = csv.DictWriter(stream, first, lineterminator="\n")
        writer.writeheader()
        writer.writerow(first)
        writer.writerows(rows)
    return file
