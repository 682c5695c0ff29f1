#!/usr/bin/env bash
# Verifies a deployed stack of template.yaml in a real account, in ten minutes. It only reads, but for what
# --launch and --call ask for. docs/verify-on-aws.md says what each step shows, and what to do otherwise.
#
#   docs/verify-on-aws.sh STACK              reads: what answers, what is set, what IAM would decide
#   docs/verify-on-aws.sh STACK --launch     then follows one session that you start and end in Slack
#   docs/verify-on-aws.sh STACK --call       then raises one alarm for a minute, so that somebody is called
#
# Exit code: 0 nothing is wrong, 1 something is, 2 it was called wrongly. "?" was not checked.
set -uo pipefail

usage() { sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 2; }
[[ $# -ge 1 && $1 != -* ]] || usage
stack=$1 launch=no call=no
for flag in "${@:2}"; do
  case $flag in --launch) launch=yes ;; --call) call=yes ;; *) usage ;; esac
done
for tool in aws curl jq; do command -v "$tool" >/dev/null || { echo "this needs $tool" >&2; exit 2; }; done

good=0 bad=0 open=0
ok() { good=$((good + 1)); printf '✓ %s\n' "$*"; }
no() { bad=$((bad + 1)); printf '✗ %s\n' "$*"; }
unknown() { open=$((open + 1)); printf '? %s\n' "$*"; }
step() { printf '\n%s\n' "$*"; }

# same WHAT WANT COMMAND...: what the command prints must be as wanted; one that cannot be asked is not checked.
same() {
  local what=$1 want=$2 got
  if ! got=$("${@:3}" 2>&1); then
    unknown "$what: cannot be asked: $(tail -n 1 <<<"$got")"
  elif [[ $got == "$want" ]]; then
    ok "$what: $got"
  else
    no "$what: ${got:-nothing}, want $want"
  fi
}

described=$(aws cloudformation describe-stacks --stack-name "$stack" --output json) || exit 2
of() { jq -r --arg key "$2" ".Stacks[0].$1[]? | select(.${1%s}Key == \$key) | .${1%s}Value" <<<"$described"; }
out() { of Outputs "$1"; }
parameter() { of Parameters "$1"; }

installation=$(parameter Installation) cluster=$(parameter ClusterName)
: "${installation:=$stack}" "${cluster:=exploration}"
role=$(out EmrRoleArn) worker=$(out WorkerRoleArn) table=$(out TableName)
if [[ -z $role || -z $worker || -z $table ]]; then
  echo "the stack $stack has not the outputs of template.yaml" >&2
  exit 2
fi
partition=$(cut -d: -f2 <<<"$role") account=$(cut -d: -f5 <<<"$role")
region=${AWS_REGION:-${AWS_DEFAULT_REGION:-$(aws configure get region)}}

step '1. It answers'
http() { curl -sS -o /dev/null -w '%{http_code}' "$@"; }
if [[ -n $(out HealthUrl) ]]; then
  same 'health' 200 http "$(out HealthUrl)"
  same 'a request that nobody signed' 401 http -d x=1 "$(out CommandsUrl)"
else
  unknown 'health, and a request that nobody signed: the stack has no such outputs'
fi

step '2. It is set as the template says'
same 'point-in-time recovery of the table' ENABLED aws dynamodb describe-continuous-backups --table-name "$table" \
  --query ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus --output text
same 'records of the table that expire' ENABLED aws dynamodb describe-time-to-live --table-name "$table" \
  --query TimeToLiveDescription.TimeToLiveStatus --output text
queue() { aws sqs get-queue-attributes --queue-url "$1" --attribute-names All --query "Attributes.$2" --output text; }
same 'the queue keeps its order' true queue "$(out QueueUrl)" FifoQueue
same 'seconds a job is hidden while it is done' 360 queue "$(out QueueUrl)" VisibilityTimeout
attempts() { queue "$(out QueueUrl)" RedrivePolicy | jq -r '.maxReceiveCount | tostring'; }
same 'tries before a job is put aside' 5 attempts
same 'jobs put aside' 0 queue "$(out DeadLetterQueueUrl)" ApproximateNumberOfMessages
days() { aws logs describe-log-groups --log-group-name-prefix "$(out WorkerLogGroup)" --query 'logGroups[0].retentionInDays' --output text; }
same "days the worker's log is kept" "$(parameter LogRetentionDays)" days
secrets=$(parameter SlackSecretPath)
for name in signing-secret bot-token; do
  kind() {
    aws ssm describe-parameters --parameter-filters "Key=Name,Values=${secrets:-/showtime/slack}/$name" \
      --query 'Parameters[0].Type' --output text
  }
  same "the parameter $name" SecureString kind
done

step '3. IAM decides as the tests of the template say'
cluster_arn=arn:$partition:elasticmapreduce:$region:$account:cluster/j-1
key() { printf 'ContextKeyName=%s,ContextKeyValues=%s,ContextKeyType=%s' "$1" "$2" "${3:-string}"; }
ours=("$(key elasticmapreduce:ResourceTag/showtime:installation "$installation")"
  "$(key elasticmapreduce:ResourceTag/showtime:cluster "$cluster")")
# may ROLE ACTION RESOURCE [CONTEXT...]: what IAM says.
may() {
  aws iam simulate-principal-policy --policy-source-arn "$1" --action-names "$2" --resource-arns "$3" \
    ${4:+--context-entries "${@:4}"} --query 'EvaluationResults[0].EvalDecision' --output text
}
same 'ending a cluster of ours' allowed may "$role" elasticmapreduce:TerminateJobFlows "$cluster_arn" "${ours[@]}"
same "ending somebody else's" implicitDeny may "$role" elasticmapreduce:TerminateJobFlows "$cluster_arn"
same 'claiming a cluster by a tag' explicitDeny may "$role" elasticmapreduce:AddTags "$cluster_arn"
same 'running code on a cluster of ours' implicitDeny may "$role" elasticmapreduce:AddJobFlowSteps "$cluster_arn" "${ours[@]}"
same "passing EMR's own role to EMR" allowed may "$role" iam:PassRole "$(parameter EmrServiceRoleArn)" \
  "$(key iam:PassedToService elasticmapreduce.amazonaws.com)"
same 'passing another role' implicitDeny may "$role" iam:PassRole "arn:$partition:iam::$account:role/Admin" \
  "$(key iam:PassedToService ec2.amazonaws.com)"
same 'deleting an audit record' explicitDeny may "$worker" dynamodb:DeleteItem \
  "arn:$partition:dynamodb:$region:$account:table/$table" "$(key dynamodb:LeadingKeys "audit/$cluster" stringList)"

step '4. Somebody looks, and somebody is called'
looked_after_by=$(out LifecycleName)
schedule() {
  local name
  name=$(aws scheduler list-schedules --query "Schedules[?contains(Target.Arn, '${looked_after_by:-$(out WorkerName)}')].Name | [0]" --output text) || return
  [[ $name != None ]] || { echo 'none'; return; }
  aws scheduler get-schedule --name "$name" --query '[State, to_string(Target.RetryPolicy.MaximumRetryAttempts)]' --output text
}
same 'the schedule and its retries' $'ENABLED\t0' schedule
alarms=$(aws cloudwatch describe-alarms --alarm-name-prefix "$stack-" --output json 2>&1) || alarms='{}'
if [[ $(jq '.MetricAlarms | length' <<<"$alarms" 2>/dev/null) -gt 0 ]]; then
  same 'alarms that call nobody' '' jq -r '[.MetricAlarms[] | select(.AlarmActions == []) | .AlarmName] | join(", ")' <<<"$alarms"
  same 'alarms that are raised' '' jq -r '[.MetricAlarms[] | select(.StateValue == "ALARM") | .AlarmName] | join(", ")' <<<"$alarms"
else
  unknown 'alarms: none can be seen'
fi

live() {
  aws emr list-clusters --active --query "Clusters[?Name == '$cluster'].Id" --output json | jq -r '.[]' |
    while read -r id; do
      aws emr describe-cluster --cluster-id "$id" --output json |
        jq -r --arg i "$installation" '.Cluster | select(any(.Tags[]; .Key == "showtime:installation" and .Value == $i)) | .Id'
    done
}
count() { live | wc -l | tr -d ' '; }
tags() {
  aws emr describe-cluster --cluster-id "$(live | head -n 1)" --output json |
    jq -r '[.Cluster.Tags[].Key | select(startswith("showtime:"))] | sort | join(" ")'
}
told() { printf '→ %s Then press Enter.\n' "$1"; read -r _ || true; }

if [[ $launch == yes ]]; then
  step '5. EMR launches with the tags, once'
  same 'clusters before' 0 count
  told 'In Slack: /emr start 1h verify, and as a second person press Start on an older panel meanwhile. Wait until the card names a cluster id.'
  same 'clusters of ours that live' 1 count
  same 'its tags' 'showtime:cluster showtime:generation showtime:installation showtime:requester' tags
  told 'In Slack: as an analyst Destroy, as an admin Approve. Wait until the card is a receipt.'
  same 'clusters of ours that live' 0 count
fi

if [[ $call == yes ]]; then
  step '6. Somebody is called'
  alarm=$(jq -r '[.MetricAlarms[]?.AlarmName | select(contains("NoTicks"))][0] // ""' <<<"$alarms")
  if [[ -z $alarm ]]; then
    no 'there is no alarm of missing ticks'
  elif aws cloudwatch set-alarm-state --alarm-name "$alarm" --state-value ALARM --state-reason 'verify-on-aws.sh tries it out'; then
    ok "$alarm is raised; the topic's subscribers hear of it, and of its end within minutes"
  else
    no "$alarm cannot be raised"
  fi
fi

printf '\n%d right, %d wrong, %d not checked\n' "$good" "$bad" "$open"
[[ $bad -eq 0 ]]
