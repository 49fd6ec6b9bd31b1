"""Every kind of fault, by its name in a scenario."""

from sim.faults.actor import (
    AssemblerCrash,
    AssemblerHang,
    LoggerCrash,
    LoggerHang,
    ProducerCrash,
    ProducerHang,
    ScorerCrash,
    ScorerHang,
)
from sim.faults.fault import Fault
from sim.faults.feature_store import (
    FeatureStoreErrors,
    FeatureStoreLatency,
    FeatureStoreOutage,
    FeatureStoreTimeout,
    RefreshFailure,
)
from sim.faults.feature_store_answers import (
    FeatureStoreEmpty,
    FeatureStorePartial,
    FeatureStorePermuted,
    FeatureStoreZeroed,
)
from sim.faults.model import ModelErrors, ModelSaturated, ModelSlow
from sim.faults.model_release import ModelBadRelease, ModelCorruptFile
from sim.faults.output import DiskFull, SinkErrors, SinkTimeout, SlowDisk
from sim.faults.pipeline import LoopStall, MailboxSqueeze
from sim.faults.traffic import TrafficClockSkew, TrafficDrift, TrafficPoison
from sim.faults.traffic_arrivals import TrafficDuplicates, TrafficOutOfOrder, TrafficVolumeDrop
from sim.faults.traffic_fraud_wave import TrafficFraudWave

FAULTS: dict[str, type[Fault]] = {
    each.kind: each
    for each in (
        # The feature store.
        FeatureStoreOutage,
        FeatureStoreTimeout,
        FeatureStoreLatency,
        FeatureStoreErrors,
        FeatureStoreEmpty,
        FeatureStoreZeroed,
        FeatureStorePartial,
        FeatureStorePermuted,
        RefreshFailure,
        # What arrives.
        TrafficPoison,
        TrafficDuplicates,
        TrafficOutOfOrder,
        TrafficClockSkew,
        TrafficVolumeDrop,
        TrafficDrift,
        TrafficFraudWave,
        # The model.
        ModelSlow,
        ModelErrors,
        ModelSaturated,
        ModelCorruptFile,
        ModelBadRelease,
        # The pipeline itself.
        ProducerCrash,
        AssemblerCrash,
        ScorerCrash,
        LoggerCrash,
        ProducerHang,
        AssemblerHang,
        ScorerHang,
        LoggerHang,
        LoopStall,
        MailboxSqueeze,
        # What comes after it.
        SinkTimeout,
        SinkErrors,
        DiskFull,
        SlowDisk,
    )
}
