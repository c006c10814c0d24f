"""What is left in the account, apart from what `make bootstrap` made."""

from collections.abc import Callable, Iterator

from tests.deploy.cloud import Cloud

CDK = "cdk-"  # begins the names of what bootstrap makes


def find(aws: Cloud) -> dict[str, list[str]]:
    """Names of what is left, by kind; a kind with nothing left is not in it."""
    found = {kind: sorted(name for name in names(aws) if not name.startswith(CDK)) for kind, names in KINDS.items()}
    return {kind: names for kind, names in found.items() if names}


def _listed(service: str, operation: str, key: str, name: str) -> Callable[[Cloud], Iterator[str]]:
    """Names in all pages of a list."""

    def names(aws: Cloud) -> Iterator[str]:
        client = aws.client(service)
        paginated = client.can_paginate(operation)
        pages = client.get_paginator(operation).paginate() if paginated else [getattr(client, operation)()]
        for page in pages:
            yield from (str(each[name]) for each in page[key])

    return names


def _keys(aws: Cloud) -> Iterator[str]:
    """Keys that are not about to be deleted."""
    client = aws.client("kms")
    for key in client.list_keys()["Keys"]:
        described = client.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        if described["KeyState"] != "PendingDeletion":
            yield str(key["KeyId"])


def _images(aws: Cloud) -> Iterator[str]:
    client = aws.client("ecr")
    for repository in client.describe_repositories()["repositories"]:
        images = client.list_images(repositoryName=repository["repositoryName"])["imageIds"]
        yield from (f"image {image['imageTag'][:12]}" for image in images)


def _web_acls(aws: Cloud) -> Iterator[str]:
    yield from (acl["Name"] for acl in aws.client("wafv2").list_web_acls(Scope="REGIONAL")["WebACLs"])


KINDS: dict[str, Callable[[Cloud], Iterator[str]]] = {
    "alarms": _listed("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    "API keys": _listed("apigateway", "get_api_keys", "items", "id"),
    "APIs": _listed("apigateway", "get_rest_apis", "items", "name"),
    "buckets": _listed("s3", "list_buckets", "Buckets", "Name"),
    "dashboards": _listed("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
    "functions": _listed("lambda", "list_functions", "Functions", "FunctionName"),
    "images": _images,
    "keys": _keys,
    "log groups": _listed("logs", "describe_log_groups", "logGroups", "logGroupName"),
    "roles": _listed("iam", "list_roles", "Roles", "RoleName"),
    "schedules": _listed("scheduler", "list_schedules", "Schedules", "Name"),
    "topics": _listed("sns", "list_topics", "Topics", "TopicArn"),
    "usage plans": _listed("apigateway", "get_usage_plans", "items", "id"),
    "web ACLs": _web_acls,
}
