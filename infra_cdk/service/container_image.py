"""Container image of lambda_fn, shared by all functions of a stage."""

from dataclasses import dataclass
from pathlib import Path

from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_lambda as lambda_

PLATFORMS = {"x86_64": ecr_assets.Platform.LINUX_AMD64, "arm64": ecr_assets.Platform.LINUX_ARM64}
ARCHITECTURES = {"x86_64": lambda_.Architecture.X86_64, "arm64": lambda_.Architecture.ARM_64}


@dataclass(frozen=True, slots=True)
class ContainerImage:
    """The image and the architecture that its functions need: a mismatch shows only when a function starts.

    Attributes:
        source: the repository's folder.
        architecture_name: x86_64 or arm64.
    """

    source: Path
    architecture_name: str

    @property
    def architecture(self) -> lambda_.Architecture:
        """Architecture of the functions."""
        return ARCHITECTURES[self.architecture_name]

    def code(self, handler: str | None = None) -> lambda_.DockerImageCode:
        """The image as a function's code, with another handler than the service's if one is given."""
        return lambda_.DockerImageCode.from_image_asset(
            str(self.source),
            file="lambda_fn/Dockerfile",
            platform=PLATFORMS[self.architecture_name],
            asset_name="postal-digits",
            cmd=[handler] if handler else None,
        )
