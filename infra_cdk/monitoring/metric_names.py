"""Names of the metrics that lambda_fn emits; a test compares them with what it really emits."""

NAMESPACE = "PostalDigits"

# Dimensions: service, model_name, model_version
REQUESTS = "Requests"
REJECTED_REQUESTS = "RejectedRequests"
FAILED_REQUESTS = "FailedRequests"
CONFIDENCE = "Confidence"
LOW_CONFIDENCE = "LowConfidence"
COLD_START = "ColdStart"
DECODE_TIME = "DecodeTime"
INFERENCE_TIME = "InferenceTime"
TOTAL_TIME = "TotalTime"

# Dimension: service
OBSERVER_FAILURES = "ObserverFailures"
HEARTBEAT_RUNS = "HeartbeatRuns"
HEARTBEAT_FAILED = "HeartbeatFailed"
HEARTBEAT_WRONG = "HeartbeatWrong"
HEARTBEAT_TIME = "HeartbeatTime"

# Made from log lines by metric_filters.py
MAX_MEMORY_USED = "MaxMemoryUsed"
FAILED_CALLS = "FailedCalls"


def warning(code: str) -> str:
    """Metric of a warning: low_contrast has WarningLowContrast."""
    return "Warning" + "".join(word.capitalize() for word in code.split("_"))
