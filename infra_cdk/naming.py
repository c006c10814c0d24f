"""Names that a stage's stack shares with its bootstrap (scripts/operate/bootstrap.py)."""

PROJECT = "postal-digits"


def qualifier(stage: str) -> str:
    """The CDK's qualifier of the roles, bucket and repository that deploy the stage; at most ten characters."""
    return f"pd{stage}"


def execution_policy(stage: str) -> str:
    """The IAM policy of the role with which CloudFormation creates the stage."""
    return f"PostalDigits-{stage}-execution"


def boundary(stage: str) -> str:
    """The permissions boundary of every role of the stage."""
    return f"PostalDigits-{stage}-boundary"
