"""ECR, as the CDK asks it: an unknown tag is an error, not an empty list, which the CDK takes for an image."""

from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import ecr


def install() -> None:
    """Lets DescribeImages refuse tags that were not pushed."""
    describe = ecr._describe_images

    def describe_images(request: dict[str, Any]) -> Any:
        name = request.get("repositoryName")
        for wanted in request.get("imageIds") or ():
            if name in ecr._repositories and not ecr._find_image(name, wanted):
                return error_response_json("ImageNotFoundException", "there is no such image", 400)
        return describe(request)

    ecr._describe_images = describe_images
