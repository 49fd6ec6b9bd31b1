"""Training, all of it in order: history, table, fit, judgement, gates, folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from actors.core.arrays import F64, U8
from actors.core.clock import US_PER_S
from actors.core.errors import InputError
from actors.features.catalogue import feature
from actors.model.artifact import (
    GOLDEN_FILE,
    REFERENCE_FILE,
    STATE_FOLDER,
    measure_reference,
    save_artifact,
    save_reference,
)
from actors.model.engine import Engine
from actors.model.integrity import choose_golden
from actors.model.lightgbm_engine import LightGBMEngine, lightgbm
from actors.model.manifest import FORMAT_VERSION, Manifest, ManifestFeature, TrainingWindow
from actors.model.policy import RuleLimits
from sim.chance import Streams
from sim.gates import DEFAULT_GATES, Gate, missed
from sim.training.backfill import record
from sim.training.cache import Recipe, publish, recipe_of
from sim.training.dataset import Table, with_tier_dropout
from sim.training.fit import FitConfig, fit, judge_rules, tune_rules
from sim.training.progress import Progress, TrainingRefused, silent
from sim.training.source import TrainingSource

JUDGE_STAGE: Final = "judge"
_JUDGE_STEPS: Final = 3  # figures, golden rows, the folder
# Names of the sets of figures in a manifest.
TEST: Final = "test"
WITHOUT_BATCH_TIER: Final = "test_without_batch_tier"
ALL_CARDS: Final = "test_all_cards"
VALIDATION: Final = "validation"
RULES: Final = "test_rules"
Figures = dict[str, dict[str, float | None]]


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """A model that passed its gates.

    Attributes:
        folder: where it was written.
        manifest: its manifest, with all figures.
    """

    folder: Path
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class _Trained:
    """A model before it is judged."""

    table: Table
    rows: Table
    booster: lightgbm.Booster
    engine: Engine
    rules: RuleLimits


def train(
    source: TrainingSource,
    folder: Path,
    *,
    gates: tuple[Gate, ...] = DEFAULT_GATES,
    config: FitConfig | None = None,
    progress: Progress = silent,
) -> TrainingReport:
    """Train on ``source`` and let the model appear at ``folder``, whole, if it passes ``gates``.

    The same source and config give the same files. An older model at ``folder`` stays until the new one is complete.

    Raises:
        TrainingRefused: a gate was missed; nothing changed.
        InputError: the source cannot be trained on, or the folder cannot be written.
    """
    config = config or FitConfig()
    recipe = recipe_of(source.facts(), source.features, config)
    manifest = publish(folder, lambda draft: _train_into(draft, source, recipe, gates, progress))
    return TrainingReport(folder, manifest)


def _train_into(
    draft: Path, source: TrainingSource, recipe: Recipe, gates: tuple[Gate, ...], progress: Progress
) -> Manifest:
    table = record(source, draft / STATE_FOLDER, progress)
    trained = _fit(table, source, recipe.fit, progress)
    progress(JUDGE_STAGE, 0, _JUDGE_STEPS)
    figures = _judge(trained, source)
    progress(JUDGE_STAGE, 1, _JUDGE_STEPS)
    misses = missed(gates, figures[TEST])
    if misses:
        raise TrainingRefused(source.title, misses, figures)
    choose_golden(trained.booster, trained.rows.features).save(draft / GOLDEN_FILE)
    progress(JUDGE_STAGE, 2, _JUDGE_STEPS)
    _write_reference(draft / REFERENCE_FILE, trained, source)
    manifest = save_artifact(draft, trained.booster, _manifest(trained, source, recipe, figures))
    progress(JUDGE_STAGE, _JUDGE_STEPS, _JUDGE_STEPS)
    return manifest


def _fit(table: Table, source: TrainingSource, config: FitConfig, progress: Progress) -> _Trained:
    split = source.split
    rows = table.between(split.train.from_us, split.train.to_us)
    frauds = int(rows.fraud.sum())
    if not 0 < frauds < len(rows):
        raise InputError(
            f"{source.title}: the training period must hold fraud and honest transactions,"
            f" got {frauds} and {len(rows) - frauds}; choose another period"
        )
    rows = with_tier_dropout(rows, config.dropout_share, Streams(config.seed))
    booster = fit(config, rows, progress)
    rules = tune_rules(table.between(split.validation.from_us, split.validation.to_us))
    return _Trained(table, rows, booster, LightGBMEngine(booster, len(table.names)), rules)


def _judge(trained: _Trained, source: TrainingSource) -> Figures:
    table, split = trained.table, source.split
    validation = table.between(split.validation.from_us, split.validation.to_us)
    all_cards = table.between(split.test.from_us, split.test.to_us)
    test = table.at(source.judged(table))
    figures = {
        TEST: _figures(trained.engine, test),
        WITHOUT_BATCH_TIER: _figures(trained.engine, test.without_batch_tier()),
        RULES: judge_rules(test, trained.rules),
    }
    if len(test) < len(all_cards):
        figures[ALL_CARDS] = _figures(trained.engine, all_cards)
    if split.validation != split.train:
        figures[VALIDATION] = _figures(trained.engine, validation)
    return figures


def _figures(engine: Engine, table: Table) -> dict[str, float | None]:
    return judge(table.fraud, engine.score(table.features))


def _write_reference(file: Path, trained: _Trained, source: TrainingSource) -> None:
    span = source.split.reference
    rows = trained.table.between(span.from_us, span.to_us)
    scores = trained.engine.score(rows.features)
    save_reference(file, measure_reference(rows.names, rows.features, scores), scores)


def _manifest(trained: _Trained, source: TrainingSource, recipe: Recipe, figures: Figures) -> Manifest:
    return Manifest(
        format_version=FORMAT_VERSION,
        sha256="",  # known once the booster is written
        files={},
        features=tuple(
            ManifestFeature(name, feature(name).tier.value, feature(name).unit) for name in trained.table.names
        ),
        thresholds=recipe.thresholds,
        rules=trained.rules,
        metrics=figures,
        window=_window(trained, source),
        state_end_us=source.state_end_us,
        label_delay_s=source.label_delay_us / US_PER_S,
        source=source.title,
        key=recipe.key,
        versions=recipe.versions,
    )


def _window(trained: _Trained, source: TrainingSource) -> TrainingWindow:
    split = source.split
    train = trained.table.between(split.train.from_us, split.train.to_us)
    test = trained.table.at(source.judged(trained.table))
    return TrainingWindow(
        train_from_us=split.train.from_us,
        train_to_us=split.train.to_us,
        test_from_us=split.test.from_us,
        test_to_us=split.test.to_us,
        train_rows=len(train),
        train_frauds=int(train.fraud.sum()),
        test_rows=len(test),
        test_frauds=int(test.fraud.sum()),
    )


RECALL: Final = 0.70
CALIBRATION_BINS: Final = 15


def judge(labels: U8, scores: F64) -> dict[str, float | None]:
    """Return the figures of `sim.gates.FIGURES`; all None unless both classes are present.

    Args:
        labels: 1 for fraud, shape (n,).
        scores: model output in [0, 1], shape (n,).
    """
    from sklearn.metrics import average_precision_score, roc_auc_score

    base = float(labels.mean()) if len(labels) else 0.0
    if base in {0.0, 1.0}:
        return dict.fromkeys(
            (
                "roc_auc",
                "average_precision",
                "precision_at_recall_70",
                "brier_score",
                "brier_skill",
                "calibration_error",
            )
        )
    brier = float(np.mean((scores - labels) ** 2))
    return {
        "roc_auc": float(roc_auc_score(labels, scores)),
        "average_precision": float(average_precision_score(labels, scores)),
        "precision_at_recall_70": precision_at_recall(labels, scores),
        "brier_score": brier,
        "brier_skill": 1.0 - brier / (base * (1.0 - base)),
        "calibration_error": calibration_error(labels, scores),
    }


def precision_at_recall(labels: U8, scores: F64, recall: float = RECALL) -> float:
    """Return the best precision among thresholds that find at least ``recall`` of the fraud."""
    from sklearn.metrics import precision_recall_curve

    precisions, recalls, _ = precision_recall_curve(labels, scores)
    return float(precisions[recalls >= recall].max())


def calibration_error(labels: U8, scores: F64, bins: int = CALIBRATION_BINS) -> float:
    """Return the expected calibration error over bins of equal width.

    Each bin adds the distance between its mean score and its share of fraud, weighted by its share of rows.

    Source: Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
    """
    at = np.minimum((scores * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(at, weights=scores - labels, minlength=bins)
    return float(np.abs(gaps).sum() / len(scores))
