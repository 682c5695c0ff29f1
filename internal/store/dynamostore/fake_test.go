package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

type attrs = map[string]types.AttributeValue

// pageSize is where the fake ends a page, as DynamoDB does after 1 MB.
const pageSize = 1 << 20

// fake is a DynamoDB table in memory: the three calls, the conditions this package writes and no others.
type fake struct {
	mu      sync.Mutex
	items   map[string]map[string]attrs // pk → sk → item
	tokens  map[string]bool
	commits int
	// before, if given, may answer a commit instead of the table; after may lose its reply.
	before func(in *dynamodb.TransactWriteItemsInput) error
	after  func(in *dynamodb.TransactWriteItemsInput) error
	fault  error // what every read answers
}

var _ API = (*fake)(nil)

func newFake() *fake {
	return &fake{items: map[string]map[string]attrs{}, tokens: map[string]bool{}}
}

func (f *fake) get(key attrs) attrs { return f.items[textOf(key[attrPK])][textOf(key[attrSK])] }

func (f *fake) GetItem(_ context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !aws.ToBool(in.ConsistentRead) {
		return nil, errors.New("fake: a read that may be stale")
	}
	return &dynamodb.GetItemOutput{Item: maps.Clone(f.get(in.Key))}, f.fault
}

func (f *fake) Query(_ context.Context, in *dynamodb.QueryInput, _ ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !aws.ToBool(in.ConsistentRead) || f.fault != nil {
		return nil, errors.Join(errors.New("fake: query"), f.fault)
	}
	v := func(name string) string { return textOf(in.ExpressionAttributeValues[name]) }
	part := f.items[v(":pk")]
	names := slices.Sorted(maps.Keys(part))
	if !aws.ToBool(in.ScanIndexForward) {
		slices.Reverse(names)
	}
	out, size := &dynamodb.QueryOutput{}, 0
	skip := in.ExclusiveStartKey != nil
	for _, name := range names {
		var match bool
		switch *in.KeyConditionExpression {
		case "pk = :pk":
			match = true
		case "pk = :pk AND sk >= :from":
			match = name >= v(":from")
		case "pk = :pk AND sk < :to":
			match = name < v(":to")
		case "pk = :pk AND sk BETWEEN :from AND :to":
			match = name >= v(":from") && name <= v(":to")
		default:
			return nil, fmt.Errorf("fake: unknown condition %q", *in.KeyConditionExpression)
		}
		if skip || !match {
			skip = skip && name != textOf(in.ExclusiveStartKey[attrSK])
			continue
		}
		out.Items = append(out.Items, maps.Clone(part[name]))
		size += len(textOf(part[name][attrBody]))
		if size > pageSize || (in.Limit != nil && len(out.Items) == int(*in.Limit)) {
			out.LastEvaluatedKey = attrs{attrPK: text(v(":pk")), attrSK: text(name)}
			break
		}
	}
	return out, nil
}

// operation is one part of a transaction in one shape.
type operation struct {
	key, item, values attrs
	cond              string
}

func operationOf(it types.TransactWriteItem) operation {
	switch {
	case it.Put != nil:
		return operation{it.Put.Item, it.Put.Item, it.Put.ExpressionAttributeValues, *it.Put.ConditionExpression}
	case it.Delete != nil:
		return operation{it.Delete.Key, attrs{}, it.Delete.ExpressionAttributeValues, *it.Delete.ConditionExpression}
	default:
		return operation{it.ConditionCheck.Key, nil, it.ConditionCheck.ExpressionAttributeValues, *it.ConditionCheck.ConditionExpression}
	}
}

func holds(op operation, old attrs) (bool, error) {
	num := func(v types.AttributeValue) int64 { n, _ := numberOf(v); return n }
	_, expires := old[attrExpires]
	switch op.cond {
	case "attribute_not_exists(pk)":
		return old == nil, nil
	case "attribute_not_exists(pk) OR expires_at <= :now":
		return old == nil || (expires && num(old[attrExpires]) <= num(op.values[":now"])), nil
	case "ver = :ver":
		return old != nil && num(old[attrVersion]) == num(op.values[":ver"]), nil
	}
	return false, fmt.Errorf("fake: unknown condition %q", op.cond)
}

func (f *fake) TransactWriteItems(_ context.Context, in *dynamodb.TransactWriteItemsInput, _ ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	token := aws.ToString(in.ClientRequestToken)
	if token == "" || len(token) > 36 || len(in.TransactItems) == 0 || len(in.TransactItems) > 100 {
		return nil, errors.New("fake: ValidationException")
	}
	if f.before != nil {
		if err := f.before(in); err != nil {
			return nil, err
		}
	}
	if !f.tokens[token] {
		if err := f.apply(in); err != nil {
			return nil, err
		}
		f.tokens[token] = true
		f.commits++
	}
	if f.after != nil {
		if err := f.after(in); err != nil {
			return nil, err
		}
	}
	return &dynamodb.TransactWriteItemsOutput{}, nil
}

func (f *fake) apply(in *dynamodb.TransactWriteItemsInput) error {
	var reasons []types.CancellationReason
	seen, failed := map[string]bool{}, false
	for _, it := range in.TransactItems {
		op := operationOf(it)
		id := textOf(op.key[attrPK]) + "\x00" + textOf(op.key[attrSK])
		if seen[id] {
			return errors.New("fake: ValidationException: two operations on one item")
		}
		seen[id] = true
		ok, err := holds(op, f.get(op.key))
		if err != nil {
			return err
		}
		reason := types.CancellationReason{Code: aws.String("None")}
		if !ok {
			reason, failed = types.CancellationReason{Code: aws.String("ConditionalCheckFailed"), Item: f.get(op.key)}, true
		}
		reasons = append(reasons, reason)
	}
	if failed {
		return &types.TransactionCanceledException{CancellationReasons: reasons}
	}
	for _, it := range in.TransactItems {
		switch op := operationOf(it); {
		case op.item == nil:
		case len(op.item) == 0:
			delete(f.items[textOf(op.key[attrPK])], textOf(op.key[attrSK]))
		default:
			part := textOf(op.key[attrPK])
			if f.items[part] == nil {
				f.items[part] = map[string]attrs{}
			}
			f.items[part][textOf(op.key[attrSK])] = maps.Clone(op.item)
		}
	}
	return nil
}

// cancelledBy is what DynamoDB answers when every part has this reason.
func cancelledBy(in *dynamodb.TransactWriteItemsInput, code string) error {
	reasons := slices.Repeat([]types.CancellationReason{{Code: aws.String(code)}}, len(in.TransactItems))
	return &types.TransactionCanceledException{CancellationReasons: reasons, Message: aws.String(strings.ToLower(code))}
}
