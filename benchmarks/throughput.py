"""The pipeline end to end against the bare model in batches and a portfolio-style loop: same rows, one run.

``python -m benchmarks.throughput [--model DIR]``. Fails below 1.3 × the bare model or 100 × the loop. The
bare model is LightGBM on one thread; the pipeline scores with the engine that runs choose by themselves. Conditions:
JSON ready in memory, all features, windows and history kept, decision log written, batches of up to 1,024, as fast as
the pipeline takes them.
"""

import argparse
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.end_to_end import EndToEnd, prompt_switches, settle_memory
from benchmarks.measuring import Prepare, Rates, Work, interleaved
from benchmarks.portfolio import PortfolioLoop, lookup_table
from benchmarks.promises import at_least, judged
from benchmarks.rows import BATCH, Rows, load_rows

LEAST_OF_BARE = 1.3
LEAST_OF_PORTFOLIO = 100.0
SMALL_BATCH = 256
PORTFOLIO_ROWS = 1_500  # more than a second of it
REPETITIONS = 7


def main() -> int:
    """Measure, print the table, return 0 if both promises are kept."""
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.throughput", description=__doc__)
    arguments.add_argument("--model", type=Path, help="a model of the default world; absent: trained once and cached")
    rows = load_rows(arguments.parse_args().model)
    with (
        tempfile.TemporaryDirectory() as folder,
        ThreadPoolExecutor(1) as scoring,
        ThreadPoolExecutor(1) as logging,
        prompt_switches(),
    ):

        def pipeline() -> Work:
            run = EndToEnd.over(rows, Path(folder), scoring, logging)
            settle_memory()
            return run.run

        contenders: dict[str, Prepare] = {
            "bare 1024": _bare(rows, BATCH),
            "bare 256": _bare(rows, SMALL_BATCH),
            "portfolio": _portfolio(rows),
            "pipeline": pipeline,
        }
        return _report(rows, interleaved(contenders, REPETITIONS))


def _report(rows: Rows, rates: dict[str, Rates]) -> int:
    print(
        f"{len(rows.raws):,} transactions, {rows.booster.num_trees()} trees, {rows.features.shape[1]} features;"
        f" engine {rows.artifact.served_by('auto').engine.kind}"
    )
    for name, rate in rates.items():
        print(f"  {name:<10} {rate}")
    if not all(rate.quiet for rate in rates.values()):
        print("  the machine was busy: a pipeline on two cores suffers more than its rivals on one; run again")
    of_bare = rates["pipeline"].median / rates["bare 1024"].median
    of_portfolio = rates["pipeline"].median / rates["portfolio"].median
    return judged(
        [
            at_least("throughput, pipeline ÷ bare model in batches", of_bare, LEAST_OF_BARE),
            at_least("throughput, pipeline ÷ portfolio-style loop", of_portfolio, LEAST_OF_PORTFOLIO),
        ]
    )


def _bare(rows: Rows, batch: int) -> Prepare:
    def work() -> int:
        for at in range(0, len(rows.features), batch):
            rows.booster.predict(rows.features[at : at + batch], num_threads=1)
        return len(rows.features)

    return lambda: work


def _portfolio(rows: Rows) -> Prepare:
    names = rows.artifact.feature_names
    loop = PortfolioLoop(rows.booster, names, lookup_table(rows.ids, rows.features, names))
    return lambda: lambda: len(loop.run(rows.raws[:PORTFOLIO_ROWS]))


if __name__ == "__main__":
    sys.exit(main())
