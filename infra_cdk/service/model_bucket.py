"""A bucket of model versions, <prefix>/<name>/<version>/ as in model/: private, versioned, encrypted."""

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra_cdk.suppressions import checkov, nag

PREFIX = "models"


class ModelBucket(Construct):
    """Holds what `python -m scripts.publish` uploads.

    Attributes:
        bucket: of the versions; it outlives the stack, as what is in production must.
        uri: what the function takes as MODEL_URI.
    """

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        access_log = self._bucket("AccessLog", versioned=False, expire=Duration.days(365))
        reason = "It holds another bucket's access log: to log its own writes into itself would never end."
        nag(access_log, "S1", reason)
        checkov(access_log, "CKV_AWS_18", reason)
        checkov(access_log, "CKV_AWS_21", "S3 writes each line of an access log once, under a name of its own.")
        self.bucket = self._bucket("Versions", versioned=True, access_log=access_log)
        self.uri = f"s3://{self.bucket.bucket_name}/{PREFIX}"

    def grant_read(self, role: iam.Role) -> None:
        """Lets `role` read the versions, and neither list nor change them."""
        # In the role's own policy, which is there before the function starts for the first time.
        role.add_to_policy(
            iam.PolicyStatement(actions=["s3:GetObject"], resources=[self.bucket.arn_for_objects(f"{PREFIX}/*")])
        )
        versions = self.bucket.node.default_child
        assert isinstance(versions, s3.CfnBucket)  # noqa: S101
        name = Stack.of(self).get_logical_id(versions)
        nag(role, f"IAM5[Resource::<{name}.Arn>/{PREFIX}/*]", "The versions are the objects below this prefix.")

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
            removal_policy=RemovalPolicy.RETAIN,
            server_access_logs_bucket=access_log,
            versioned=versioned,
        )
