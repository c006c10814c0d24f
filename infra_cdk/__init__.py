"""What is deployed: a stage's configuration comes in, a CloudFormation template goes out."""
