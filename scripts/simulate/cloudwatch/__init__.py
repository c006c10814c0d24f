"""As much of CloudWatch as shows what alarms and dashboards do: statistics, metric math, alarm states; no network."""
