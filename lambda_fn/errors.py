"""The errors of the service, each with its HTTP status, a stable code and a message for the client.

ServiceError
├── RequestError            4xx, the client can fix it
│   ├── InvalidRequest      400
│   ├── NotReady            400
│   ├── Forbidden           403
│   ├── NotFound            404
│   ├── MethodNotAllowed    405
│   ├── TooLarge            413
│   ├── UnsupportedMedia    415
│   └── OriginFailed        424
├── OutOfTime               503, the request can't be finished before Lambda ends it
├── NotFinite               the model gave NaN or infinity
└── ModelRejected           the model is not what its contract says; as the default version, it stops the start
"""

from http import HTTPStatus


class ServiceError(Exception):
    """Any error that this package raises."""


class RequestError(ServiceError):
    """A request that can't be answered.

    `code` is stable: clients may branch on it, and metrics are named after it. `message` says what is wrong and where
    (the input's index). It never repeats what the client sent.
    """

    status = HTTPStatus.BAD_REQUEST

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class InvalidRequest(RequestError):
    """The request can't be read."""


class NotReady(RequestError):
    """A model version can't answer, for a `reason` that only the log shows. The Open Inference Protocol wants a 4xx."""

    def __init__(self, version: str, reason: str) -> None:
        super().__init__("not_ready", f"version {version} is not what its contract says")
        self.reason = reason


class Forbidden(RequestError):
    """The stage does not allow it."""

    status = HTTPStatus.FORBIDDEN


class NotFound(RequestError):
    """No such path, model or version."""

    status = HTTPStatus.NOT_FOUND


class MethodNotAllowed(RequestError):
    """The path takes another method, `allow`."""

    status = HTTPStatus.METHOD_NOT_ALLOWED

    def __init__(self, method: str, allow: str) -> None:
        super().__init__("method_not_allowed", f"{method} is not allowed here; use {allow}")
        self.allow = allow


class TooLarge(RequestError):
    """More than one call may carry."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE

    @classmethod
    def too_many(cls, unit: str, count: int, limit: int) -> "TooLarge":
        """For more inputs than a request may have; `unit` is what one is called."""
        return cls(f"too_many_{unit}s", f"{count} {unit}s in one request; at most {limit} are allowed")


class UnsupportedMedia(RequestError):
    """A file format or encoding that the service does not read."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class OriginFailed(RequestError):
    """A link could not be fetched. The message never varies, so it can't be used to probe the network."""

    status = HTTPStatus.FAILED_DEPENDENCY


class OutOfTime(ServiceError):
    """The request can't be finished before Lambda ends it."""


class NotFinite(ServiceError):
    """The model gave NaN or infinity."""


class ModelRejected(ServiceError):
    """A model file is missing, differs from its contract's digest, or gives other outputs than when it was built."""
