"""Writes actions.txt: every operation of the services in template.yaml, as botocore lists them.

IAM names an action after its operation. Where it does not, the pair stands in ONLY_IAM with its reason.
"""
import botocore.session

SERVICES = {"dynamodb": "dynamodb", "elasticmapreduce": "emr", "lambda": "lambda", "logs": "logs", "sqs": "sqs", "ssm": "ssm", "xray": "xray"}
ONLY_IAM = [
    "dynamodb:ConditionCheckItem",  # a part of TransactWriteItems
    "dynamodb:PartiQLDelete", "dynamodb:PartiQLInsert", "dynamodb:PartiQLSelect", "dynamodb:PartiQLUpdate",  # ExecuteStatement
    "execute-api:Invoke",  # the right to call an API of one's own
    "iam:PassRole",  # asked when a role is handed to a service
    "lambda:InvokeFunction",  # the operation is Invoke
]
session = botocore.session.get_session()
names = {f"{prefix}:{operation}" for prefix, service in SERVICES.items() for operation in session.get_service_model(service).operation_names}
names -= {"lambda:Invoke", "dynamodb:ExecuteStatement", "dynamodb:BatchExecuteStatement", "dynamodb:TransactWriteItems",
          "dynamodb:TransactGetItems", "dynamodb:ExecuteTransaction", "elasticmapreduce:DescribeJobFlows",
          "sqs:SendMessageBatch", "sqs:DeleteMessageBatch", "sqs:ChangeMessageVisibilityBatch"}  # no actions of IAM's
print("# python3 test/template/actions.py > test/template/actions.txt")
print("\n".join(sorted(names | set(ONLY_IAM))))
