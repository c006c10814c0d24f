"""Lambda's entry: answers API Gateway events, then hands each request to the observers.

Everything is built at import, in Lambda's init phase, so that whatever is broken stops the start.
"""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambda_fn.api.routes import Routes
from lambda_fn.inference import store
from lambda_fn.inference.repository import Repository
from lambda_fn.observers.call_observers import Observers
from lambda_fn.observers.telemetry import Telemetry
from lambda_fn.settings import Settings
from lambda_fn.tasks import TASKS

settings = Settings.from_environment()
folder = store.find_folder(settings.model_uri, settings.model_repository, settings.models)
repository = Repository(folder, settings.models, settings.inference_threads)
routes = Routes(
    repository,
    TASKS,
    max_inputs=settings.max_inputs,
    cors_origins=settings.cors_origins,
    image_links=settings.image_links,
)
telemetry = Telemetry(settings.service_name, settings.function_version, settings.log_level)
observe = Observers([telemetry], settings.service_name)


def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answers one event of a REST API's proxy integration (payload format 1.0). Never raises on bad input."""
    response, log = routes.respond(event, context)
    observe(log)
    return response
