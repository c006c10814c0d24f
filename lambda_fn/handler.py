"""An API Gateway event in, its response out. All is built at import, Lambda's init phase: what fails, fails there.

The flow is event -> decode -> preprocess -> infer -> postprocess -> response; routes.py says which path asks for it,
and pipeline.py is where the steps meet.
"""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambda_fn.api import routes
from lambda_fn.inference import store
from lambda_fn.inference.model import Models
from lambda_fn.observers.telemetry import Record, Telemetry
from lambda_fn.settings import Settings

settings = Settings.from_environment()
versions = store.versions(settings.model_uri, settings.versions_directory, settings.model_version)
models = Models(versions, settings.model_version, settings.inference_threads)
telemetry = Telemetry(settings.service_name, settings.aws_lambda_function_version, settings.log_level)
app = routes.build(models, settings.max_images, settings.cors_origins, settings.image_links)


def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answers one event of a REST API's proxy integration (payload format 1.0); never raises on bad input."""
    record = Record(
        model_name=models.default.contract.name,
        model_version=models.default.contract.version,
        request_id=event["requestContext"]["requestId"],
        method=event["httpMethod"],
    )
    app.context["record"] = record
    response = app.resolve(event, context)
    telemetry.emit(record, response["statusCode"])
    return response
