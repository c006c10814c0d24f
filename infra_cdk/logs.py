"""Log groups with one retention and one key, whose policy lets CloudWatch Logs use it for them and nothing else."""

from aws_cdk import Aws, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra_cdk.config import StageConfig

USE_OF_THE_KEY = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)


class Logs(Construct):
    """Makes the stage's log groups.

    Attributes:
        key: encrypts them; whatever else is to use it takes a statement of its own in the key's policy.
    """

    def __init__(self, scope: Construct, id: str, *, config: StageConfig) -> None:
        super().__init__(scope, id)
        self._retention_days = config.log_retention_days
        self._removal = RemovalPolicy.RETAIN if config.protected else RemovalPolicy.DESTROY
        self.key = kms.Key(
            self,
            "Key",
            description=f"Log groups of {Stack.of(self).stack_name}",
            enable_key_rotation=True,
            removal_policy=self._removal,
        )
        # The name that CloudFormation gives to a group that has none begins with the stack's.
        self._allow(f"{Stack.of(self).stack_name}-*")

    def group(self, scope: Construct, id: str, *, name: str | None = None) -> logs.LogGroup:
        """A log group; with a name only where AWS itself looks for one by its name."""
        if name is not None:
            self._allow(name)
        group = logs.LogGroup(scope, id, log_group_name=name, encryption_key=self.key, removal_policy=self._removal)
        resource = group.node.default_child
        assert isinstance(resource, logs.CfnLogGroup)  # noqa: S101
        resource.retention_in_days = self._retention_days
        return group

    def _allow(self, name: str) -> None:
        """A LogGroup takes a key and grants nothing on it: without this the deployment fails."""
        group = f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:log-group:{name}"
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal(f"logs.{Aws.REGION}.amazonaws.com")],
                actions=list(USE_OF_THE_KEY),
                resources=["*"],  # in a key's own policy: this key
                conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": group}},
            )
        )
