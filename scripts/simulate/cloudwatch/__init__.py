"""The parts of CloudWatch that decide when an alarm fires: statistics, metric math, alarm states."""
