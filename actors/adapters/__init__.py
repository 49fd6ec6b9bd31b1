"""The ports' counterparts outside this process, and the only place that imports their libraries."""
