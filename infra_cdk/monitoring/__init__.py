"""Metrics, alarms, dashboards, the availability objective and the heartbeat."""
