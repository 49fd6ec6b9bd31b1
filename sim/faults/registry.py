"""Every kind of fault, by its name in a scenario."""

from sim.faults.assembler_crash import AssemblerCrash
from sim.faults.assembler_hang import AssemblerHang
from sim.faults.disk_full import DiskFull
from sim.faults.fault import Fault
from sim.faults.feature_store_empty import FeatureStoreEmpty
from sim.faults.feature_store_errors import FeatureStoreErrors
from sim.faults.feature_store_latency import FeatureStoreLatency
from sim.faults.feature_store_outage import FeatureStoreOutage
from sim.faults.feature_store_partial import FeatureStorePartial
from sim.faults.feature_store_permuted import FeatureStorePermuted
from sim.faults.feature_store_timeout import FeatureStoreTimeout
from sim.faults.feature_store_zeroed import FeatureStoreZeroed
from sim.faults.logger_crash import LoggerCrash
from sim.faults.logger_hang import LoggerHang
from sim.faults.loop_stall import LoopStall
from sim.faults.mailbox_squeeze import MailboxSqueeze
from sim.faults.model_bad_release import ModelBadRelease
from sim.faults.model_corrupt_file import ModelCorruptFile
from sim.faults.model_errors import ModelErrors
from sim.faults.model_saturated import ModelSaturated
from sim.faults.model_slow import ModelSlow
from sim.faults.producer_crash import ProducerCrash
from sim.faults.producer_hang import ProducerHang
from sim.faults.refresh_failure import RefreshFailure
from sim.faults.scorer_crash import ScorerCrash
from sim.faults.scorer_hang import ScorerHang
from sim.faults.sink_errors import SinkErrors
from sim.faults.sink_timeout import SinkTimeout
from sim.faults.slow_disk import SlowDisk
from sim.faults.traffic_clock_skew import TrafficClockSkew
from sim.faults.traffic_drift import TrafficDrift
from sim.faults.traffic_duplicates import TrafficDuplicates
from sim.faults.traffic_fraud_wave import TrafficFraudWave
from sim.faults.traffic_out_of_order import TrafficOutOfOrder
from sim.faults.traffic_poison import TrafficPoison
from sim.faults.traffic_volume_drop import TrafficVolumeDrop

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
