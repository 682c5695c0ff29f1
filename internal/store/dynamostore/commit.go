package dynamostore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"showtime/internal/store"
	"showtime/lifecycle"
)

// maxItems is how many records DynamoDB takes in one transaction.
const maxItems = 100

// errAgain says that another writer was faster, and the function is to be run on fresh records.
var errAgain = errors.New("records have changed")

// commit writes what the transaction wrote if all it read is still so. The id names the Update.
func (s *Store) commit(ctx context.Context, t *tx, id string) error {
	writes := 0
	for _, e := range t.order {
		if e.dirty {
			writes++
		}
	}
	if writes == 0 && len(t.order) < 2 { // one consistent read needs no confirmation
		return ctx.Err()
	}
	if len(t.order) > maxItems {
		return fmt.Errorf("commit: %d records in one transaction, DynamoDB takes %d", len(t.order), maxItems)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	// One token for all the tries the SDK makes of this request; at most 36 characters.
	in := &dynamodb.TransactWriteItemsInput{ClientRequestToken: aws.String(rand.Text())}
	for _, e := range t.order {
		in.TransactItems = append(in.TransactItems, s.write(e, t, id))
	}
	_, err := s.client.TransactWriteItems(ctx, in)
	if err == nil {
		return nil
	}
	var cancelled *types.TransactionCanceledException
	if !errors.As(err, &cancelled) {
		return fmt.Errorf("commit: %w", err)
	}
	return s.cancelled(ctx, t, id, cancelled)
}

// write gives one record's part of the commit.
func (s *Store) write(e *entry, t *tx, id string) types.TransactWriteItem {
	cond, values := e.condition(t)
	const old = types.ReturnValuesOnConditionCheckFailureAllOld
	switch {
	case e.dirty && e.present():
		next := item{key: e.key, body: string(e.body), version: e.nextVersion(), expires: e.expires, by: id}
		return types.TransactWriteItem{Put: &types.Put{
			TableName: &s.table, Item: next.attributes(), ConditionExpression: &cond,
			ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: old,
		}}
	case e.dirty && e.seen.version != 0:
		return types.TransactWriteItem{Delete: &types.Delete{
			TableName: &s.table, Key: keyOf(e.key), ConditionExpression: &cond,
			ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: old,
		}}
	default: // read only, or inserted and deleted again
		return types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
			TableName: &s.table, Key: keyOf(e.key), ConditionExpression: &cond,
			ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: old,
		}}
	}
}

// condition says when the record is still what the transaction took it for.
func (e *entry) condition(t *tx) (string, map[string]types.AttributeValue) {
	switch {
	case e.blind && !store.Audit(e.key):
		now := map[string]types.AttributeValue{":now": number(t.now.Unix())}
		return "attribute_not_exists(pk) OR expires_at <= :now", now
	case e.blind || e.seen.version == 0:
		return "attribute_not_exists(pk)", nil
	default:
		return "ver = :ver", map[string]types.AttributeValue{":ver": number(e.seen.version)}
	}
}

// nextVersion grows with each write and begins at random, so that a record made anew is never taken
// for the one that was deleted before it.
func (e *entry) nextVersion() int64 {
	if e.seen.version != 0 && e.seen.version < 1<<60 {
		return e.seen.version + 1
	}
	return random(1 << 52)
}

// The reasons for which DynamoDB cancels a transaction that may succeed another time.
const (
	reasonNone      = "None"
	reasonCondition = "ConditionalCheckFailed"
	reasonConflict  = "TransactionConflict"
	reasonThrottled = "ThrottlingError"
	reasonCapacity  = "ProvisionedThroughputExceeded"
)

// cancelled says what a cancelled commit means: nil when an earlier try of this very Update has been
// committed, ErrExists when only inserts met records, errAgain when something has changed.
func (s *Store) cancelled(ctx context.Context, t *tx, id string, err *types.TransactionCanceledException) error {
	if len(err.CancellationReasons) != len(t.order) {
		return fmt.Errorf("commit: %w", err)
	}
	var exists *entry
	stale := false
	for i, r := range err.CancellationReasons {
		switch code := aws.ToString(r.Code); {
		case code == reasonNone || code == "":
		case code == reasonCondition && len(r.Item) > 0 && textOf(r.Item[attrBy]) == id:
			return nil
		case code == reasonCondition && t.order[i].blind:
			exists = t.order[i]
		case slices.Contains([]string{reasonCondition, reasonConflict, reasonThrottled, reasonCapacity}, code):
			stale = true
		default:
			return fmt.Errorf("commit: %w", err)
		}
	}
	switch {
	case stale:
		return s.committed(ctx, t, id)
	case exists != nil:
		return fmt.Errorf("insert %s %s: %w", exists.key.Partition, exists.key.Name, lifecycle.ErrExists)
	default:
		return fmt.Errorf("commit: %w", err)
	}
}

// committed looks whether a try of this Update whose reply was lost has been committed after all, which
// a conflict of transactions does not tell. It gives nil then, else errAgain.
func (s *Store) committed(ctx context.Context, t *tx, id string) error {
	for _, e := range t.order {
		if !e.dirty || !e.present() {
			continue
		}
		it, err := s.load(ctx, e.key)
		if err != nil {
			return err
		}
		if it.by == id {
			return nil
		}
		break // they are all committed or none is
	}
	return errAgain
}
