"""What other systems are given ahead of a run: alert rules for Prometheus, a dashboard for Grafana."""
