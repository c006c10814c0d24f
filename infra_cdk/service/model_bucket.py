"""Private, versioned, encrypted bucket of model versions: models/<name>/<version>/, as in the folder model/."""

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra_cdk.suppressions import suppress_checkov, suppress_nag

PREFIX = "models"


class ModelBucket(Construct):
    """Holds the versions that `python -m scripts.publish` uploads.

    Attributes:
        bucket: the versions; kept when the stack is deleted, unless its creation failed.
        uri: value of the setting MODEL_URI.
    """

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        access_log = self._bucket("AccessLog", versioned=False, expire=Duration.days(365))
        reason = "It holds another bucket's access log; logging its own writes into itself would never end."
        suppress_nag(access_log, reason, "S1")
        once = "S3 writes each object of an access log once, under a new name."
        suppress_checkov(access_log, CKV_AWS_18=reason, CKV_AWS_21=once)
        self.bucket = self._bucket("Versions", versioned=True, access_log=access_log)
        self.uri = f"s3://{self.bucket.bucket_name}/{PREFIX}"

    def grant_read(self, role: iam.Role) -> None:
        """Lets `role` read the versions, but not list or change them."""
        # In the role's own policy, which exists before the function starts for the first time.
        role.add_to_policy(
            iam.PolicyStatement(actions=["s3:GetObject"], resources=[self.bucket.arn_for_objects(f"{PREFIX}/*")])
        )
        versions = self.bucket.node.default_child
        assert isinstance(versions, s3.CfnBucket)  # noqa: S101
        name = Stack.of(self).get_logical_id(versions)
        reason = "The versions are the objects below this prefix."
        suppress_nag(role, reason, f"IAM5[Resource::<{name}.Arn>/{PREFIX}/*]")

    def _bucket(
        self, id: str, *, versioned: bool, expire: Duration | None = None, access_log: s3.Bucket | None = None
    ) -> s3.Bucket:
        return s3.Bucket(
            self,
            id,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            lifecycle_rules=[s3.LifecycleRule(expiration=expire)] if expire else None,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
            server_access_logs_bucket=access_log,
            versioned=versioned,
        )
