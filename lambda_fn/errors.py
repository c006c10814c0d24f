"""Everything the service refuses, each with its HTTP status, its stable code and a message that a client may read.

ServiceError
├── RequestError            4xx, the client can mend it
│   ├── InvalidRequest      400
│   ├── Forbidden           403
│   ├── NotFound            404
│   ├── MethodNotAllowed    405
│   ├── TooLarge            413
│   ├── UnsupportedMedia    415
│   └── OriginFailed        424
├── OutOfTime               503, the request would not end before Lambda ends it
├── NotFinite               the model gave something that is no probability
└── ModelRejected           the model is not what its contract says: the function refuses to start
"""

from http import HTTPStatus


class ServiceError(Exception):
    """Any error of our own making."""


class RequestError(ServiceError):
    """A request that can't be answered.

    `code` is stable: clients may branch on it and metrics are named after it. `message` says what is wrong and where
    (the image's index), and never repeats what was sent.
    """

    status = HTTPStatus.BAD_REQUEST

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class InvalidRequest(RequestError):
    """The body can't be read as images."""


class Forbidden(RequestError):
    """The stage does not allow it."""

    status = HTTPStatus.FORBIDDEN


class NotFound(RequestError):
    """No such path, model or version."""

    status = HTTPStatus.NOT_FOUND


class MethodNotAllowed(RequestError):
    """The path exists and takes other methods; `allow` lists them."""

    status = HTTPStatus.METHOD_NOT_ALLOWED

    def __init__(self, method: str, allow: str) -> None:
        super().__init__("method_not_allowed", f"{method} is not allowed here; use {allow}")
        self.allow = allow


class TooLarge(RequestError):
    """More than one call may carry."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class UnsupportedMedia(RequestError):
    """A picture in a format that is not read."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class OriginFailed(RequestError):
    """What a link names can't be had; the same words whatever the reason, so that nobody can look around with it."""

    status = HTTPStatus.FAILED_DEPENDENCY


class OutOfTime(ServiceError):
    """The request would not end before Lambda ends it."""


class NotFinite(ServiceError):
    """The model gave NaN or infinity, which is no probability."""


class ModelRejected(ServiceError):
    """A model file is missing, is not the one its contract names, or gives other answers than it gave when built."""
