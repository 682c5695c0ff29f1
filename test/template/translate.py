"""Prints what CloudFormation makes of a SAM template, as JSON."""
import json
import os
import sys

os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")

from samtranslator.translator.transform import transform  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402


class NoManagedPolicies:
    """The template names none, and nothing is asked of AWS."""

    def load(self):
        return {}


with open(sys.argv[1], encoding="utf-8") as file:
    document = yaml_parse(file)
parameters = {name: p["Default"] for name, p in document["Parameters"].items() if "Default" in p}
for resource in document["Resources"].values():  # code is not looked at, but must seem to be somewhere
    if resource["Type"] == "AWS::Serverless::Function":
        resource["Properties"]["CodeUri"] = "s3://bucket/code.zip"
json.dump(transform(document, parameters, NoManagedPolicies()), sys.stdout)
