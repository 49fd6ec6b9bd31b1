"""The scenario's pipeline section as the pipeline's frozen config."""

from actors.assembler import AssemblerConfig
from actors.core.clock import NS_PER_S
from actors.logger import LoggerConfig
from actors.model.policy import FailurePolicy, Thresholds
from actors.output.delivery import DeliveryConfig
from actors.pipeline import PipelineConfig
from actors.producer import ProducerConfig
from actors.resilience.breaker import BreakerConfig
from actors.resilience.shedding import SheddingConfig
from actors.resilience.store_retries import RetryConfig
from actors.scorer import ScorerConfig
from actors.supervisor import RestartPolicy
from sim.scenario import pipeline as settings


def pipeline_config(pipeline: settings.Pipeline) -> PipelineConfig:
    """Return the config that ``pipeline`` describes."""
    boxes = pipeline.mailboxes
    return PipelineConfig(
        producer=ProducerConfig(pipeline.producer.max_batch_size),
        assembler=AssemblerConfig(
            boxes.assembler.capacity, pipeline.assembler.max_batch_size, pipeline.assembler.remembered_ids
        ),
        scorer=ScorerConfig(
            capacity=boxes.scorer.capacity,
            inline_time_ns=pipeline.scorer.inline_time,
            max_batch_size=pipeline.scorer.max_batch_size,
            shedding=SheddingConfig(pipeline.scorer.deadline, boxes.scorer.shed_above),
            on_failure=FailurePolicy(pipeline.on_failure.features_missing, pipeline.on_failure.model_failed),
        ),
        logger=LoggerConfig(
            boxes.logger.capacity, pipeline.logger.max_batch_size, pipeline.log.features, _delivery(pipeline.delivery)
        ),
        restart=_restart(pipeline.restart),
        store_timeout_ns=pipeline.feature_store.timeout,
        store_retry=_retry(pipeline.feature_store.retry),
        store_hedge_after_ns=None if pipeline.feature_store.hedge is None else pipeline.feature_store.hedge.after,
        store_cache=pipeline.feature_store.cache,
        breaker=_breaker(pipeline.feature_store),
        drain_timeout_ns=pipeline.drain_timeout,
    )


def thresholds(pipeline: settings.Pipeline) -> Thresholds | None:
    """Return the thresholds of the scenario, None for the model's own."""
    own = pipeline.thresholds
    return None if own is None else Thresholds(own.review, own.block)


def _delivery(delivery: settings.Delivery) -> DeliveryConfig:
    return DeliveryConfig(delivery.timeout, delivery.attempts, delivery.backoff, delivery.capacity)


def _retry(retry: settings.Retry | None) -> RetryConfig | None:
    if retry is None:
        return None
    return RetryConfig(attempts=retry.attempts, budget_ratio=retry.budget, backoff_ns=retry.backoff)


def _restart(restart: settings.Restart) -> RestartPolicy:
    return RestartPolicy(
        max_restarts=restart.max_restarts,
        within_s=restart.within / NS_PER_S,
        backoff_s=restart.backoff / NS_PER_S,
        max_backoff_s=restart.max_backoff / NS_PER_S,
    )


def _breaker(store: settings.FeatureStoreSettings) -> BreakerConfig | None:
    breaker = store.breaker
    if breaker is None:
        return None
    return BreakerConfig(
        failure_ratio=breaker.failure_ratio,
        slow_ratio=breaker.slow_ratio,
        slow_call_ns=breaker.slow_call,
        window=breaker.window,
        minimum_calls=min(breaker.minimum_calls, breaker.window),
        open_for_ns=breaker.open_for,
        probes=breaker.probes,
    )
