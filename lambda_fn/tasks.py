"""The tasks that a contract may name. A new one is a folder beside digits/ and a line here."""

from typing import Any

from lambda_fn.digits.task import TASK as DIGIT_IMAGES
from lambda_fn.task import Task

TASKS: dict[str, Task[Any]] = {"digit_images": DIGIT_IMAGES}
