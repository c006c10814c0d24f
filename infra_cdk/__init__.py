"""The AWS CDK stack of a stage."""
