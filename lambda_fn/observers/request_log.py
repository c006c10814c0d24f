"""What is known of one request; the routes fill it in, and observers read it."""

import time
from dataclasses import dataclass, field

from lambda_fn.inference.contract import Contract
from lambda_fn.pipeline import Prediction


@dataclass(slots=True)
class RequestLog:
    """One request. It holds no raw body, key, query string, or path that is no route.

    The prediction holds the decoded inputs; no observer may write them unless a stage allows it.

    Attributes:
        started, decoded: readings of time.perf_counter(), in seconds; `decoded` when the decoder had read or refused
            the body.
        contract: of the model version that answers; of the default one where the request names none.
        prediction: None for a request that predicts nothing, or failed before.
        rejection, reason: the code of a 4xx, and why, where the client is not told.
        error: of a 5xx.
    """

    contract: Contract
    request_id: str = ""
    method: str = ""
    route: str = "unknown"
    status: int = 0
    body_bytes: int = 0
    started: float = field(default_factory=time.perf_counter)
    decoded: float | None = None
    prediction: Prediction | None = None
    rejection: str | None = None
    reason: str | None = None
    error: BaseException | None = None

    def decode_ms(self) -> float:
        """Milliseconds from the start until the body was decoded; 0 without a body."""
        return 0.0 if self.decoded is None else (self.decoded - self.started) * 1e3

    def total_ms(self) -> float:
        """Milliseconds since the request began."""
        return (time.perf_counter() - self.started) * 1e3
