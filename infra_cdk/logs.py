"""Log groups that share a retention time and an encryption key."""

from aws_cdk import Aws, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

KEY_ACTIONS = [
    *("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"),
    *("kms:ReEncryptFrom", "kms:ReEncryptTo"),
]


class Logs(Construct):
    """Creates the stage's log groups.

    Attributes:
        key: encrypts the log groups; any other use needs a statement in the key's policy.
    """

    def __init__(self, scope: Construct, id: str, *, retention_days: int, removal_policy: RemovalPolicy) -> None:
        super().__init__(scope, id)
        self._retention_days = retention_days
        self._removal_policy = removal_policy
        self.key = kms.Key(
            self,
            "Key",
            description=f"Log groups of {Stack.of(self).stack_name}",
            enable_key_rotation=True,
            removal_policy=removal_policy,
        )
        # CloudFormation's names for groups without one begin with the stack's name.
        self._allow_cloudwatch_logs(f"{Stack.of(self).stack_name}-*")

    def group(self, scope: Construct, id: str, *, name: str | None = None) -> logs.LogGroup:
        """Creates a log group; give a name only where AWS requires one."""
        if name is not None:
            self._allow_cloudwatch_logs(name)
        group = logs.LogGroup(
            scope, id, log_group_name=name, encryption_key=self.key, removal_policy=self._removal_policy
        )
        resource = group.node.default_child
        assert isinstance(resource, logs.CfnLogGroup)  # noqa: S101
        resource.retention_in_days = self._retention_days
        return group

    def _allow_cloudwatch_logs(self, group_name: str) -> None:
        """Lets CloudWatch Logs use the key: LogGroup adds no grant, and the deployment would fail."""
        arn = f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:log-group:{group_name}"
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal(f"logs.{Aws.REGION}.amazonaws.com")],
                actions=KEY_ACTIONS,
                resources=["*"],  # in a key's own policy: this key
                conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": arn}},
            )
        )
