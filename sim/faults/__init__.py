"""What fails, on purpose: a fault kind a file, each wrapping a port, each always undone.

- `fault`: what a scenario says about a fault, as a frozen value: when, how often, how likely.
- `switch`: one fault in a run: waiting, injected, lifted, and what it touched; `effect`: the harm to one call, told
  apart from a mistake in the fault's own code; `chance`: streams of its own, so that nothing else is shifted.
- `schedule`: injects and lifts all faults of a run at their instants, and lifts them whatever happens.
- `port`: what kinds have in common, ``build(port, switch)``; `site`: what they reach into that is no port.
- `registry`: kind to type. Kinds are named ``<target>_<effect>``.

The feature store (`feature_store`; those that answer, but wrongly: `feature_store_answer`):

- `feature_store_outage`, `feature_store_timeout`, `feature_store_latency`, `feature_store_errors`
- `feature_store_empty`, `feature_store_zeroed`, `feature_store_partial`, `feature_store_permuted`
- `refresh_failure`: wrapping what refreshes of the batch features are published to.

What arrives (`traffic`; when and how often: `arrivals`; `blocks` cuts and joins, `wave` makes the fraud):

- `traffic_poison`, `traffic_duplicates`, `traffic_out_of_order`, `traffic_clock_skew`
- `traffic_volume_drop`, `traffic_drift`, `traffic_fraud_wave`

The model, the pipeline itself (`crash`, `hang`), and what comes after it:

- `model_slow`, `model_errors`, `model_saturated` (`model_scores`)
- `model_corrupt_file`, `model_bad_release`, with what makes such models: `model_text`, `model_damage`,
  `model_nonsense`, in a `thread`
- `producer_crash`, `assembler_crash`, `scorer_crash`, `logger_crash`
- `producer_hang`, `assembler_hang`, `scorer_hang`, `logger_hang`
- `loop_stall`, `mailbox_squeeze`
- `sink_timeout`, `sink_errors`, `disk_full`, `slow_disk`
"""
