// Package dynamostore is the store in one DynamoDB table: key pk/sk, the record's JSON in body, a version
// that changes with every write, the id of the Update that wrote it, and DynamoDB's own expiry.
package dynamostore

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"showtime/internal/store"
	"showtime/lifecycle"
)

// API is what the store needs of DynamoDB.
type API interface {
	GetItem(ctx context.Context, in *dynamodb.GetItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	Query(ctx context.Context, in *dynamodb.QueryInput, opts ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
	TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, opts ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
}

var _ API = (*dynamodb.Client)(nil)

// Update runs its function at most maxAttempts times, with a random wait before each new run.
const (
	maxAttempts = 20
	firstWait   = 10 * time.Millisecond
	longestWait = 300 * time.Millisecond
)

// Store is the store in a table.
type Store struct {
	client API
	table  string
	now    func() time.Time
}

var _ lifecycle.Store = (*Store)(nil)

// New gives the store in the table, which has the string keys pk and sk and expires_at as its TTL.
func New(client API, table string, now func() time.Time) *Store {
	return &Store{client, table, now}
}

// Update runs fn in one transaction; see lifecycle.Store. A transaction touches at most 100 records.
//
// The reply to a commit may be lost. The SDK's own retries carry the same request token, so DynamoDB answers
// them as it did the first; and should the first be seen to have won after all, by the id it left in a record,
// fn is not run again.
func (s *Store) Update(ctx context.Context, fn func(lifecycle.Tx) error) error {
	id := rand.Text()
	for attempt := range maxAttempts {
		if err := pause(ctx, attempt); err != nil {
			return err
		}
		t := &tx{ctx: ctx, store: s, now: s.now(), entries: map[lifecycle.Key]*entry{}}
		if err := fn(t); err != nil {
			return err
		}
		if t.failed != nil {
			return t.failed
		}
		err := s.commit(ctx, t, id)
		if !errors.Is(err, errAgain) {
			return err
		}
	}
	return lifecycle.ErrConflict
}

// pause waits before a new attempt, for a random time so that writers that met do not meet again.
func pause(ctx context.Context, attempt int) error {
	if attempt == 0 {
		return ctx.Err()
	}
	most := min(firstWait<<min(attempt-1, 10), longestWait)
	timer := time.NewTimer(time.Duration(random(int64(most))))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// random gives a number from 1 to n.
func random(n int64) int64 {
	r, err := rand.Int(rand.Reader, big.NewInt(n))
	if err != nil { // crypto/rand does not fail on the systems we run on
		panic(err)
	}
	return r.Int64() + 1
}

// Get reads one record; see lifecycle.Store.
func (s *Store) Get(ctx context.Context, key lifecycle.Key, into any) (bool, error) {
	if err := store.CheckKey(key); err != nil {
		return false, err
	}
	it, err := s.load(ctx, key)
	if err != nil || it.gone(s.now()) {
		return false, err
	}
	return true, decode(key, []byte(it.body), into)
}

// load reads an item, expired or not; one without a version is not there.
func (s *Store) load(ctx context.Context, key lifecycle.Key) (item, error) {
	if err := ctx.Err(); err != nil {
		return item{}, err
	}
	out, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.table, Key: keyOf(key), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return item{}, fmt.Errorf("read record %s %s: %w", key.Partition, key.Name, err)
	}
	if len(out.Item) == 0 {
		return item{}, nil
	}
	return parse(out.Item)
}

// List reads the records a query selects, page by page; see lifecycle.Store.
func (s *Store) List(ctx context.Context, q lifecycle.Query) ([]lifecycle.Record, error) {
	if store.Empty(q) {
		return nil, ctx.Err()
	}
	in := s.query(q)
	var out []lifecycle.Record
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if q.Limit > 0 {
			in.Limit = aws.Int32(int32(min(q.Limit-len(out)+1, 1000))) //nolint:gosec // at most 1000
		}
		page, err := s.client.Query(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("list partition %s: %w", q.Partition, err)
		}
		for _, attrs := range page.Items {
			it, err := parse(attrs)
			if err != nil {
				return nil, err
			}
			if it.gone(s.now()) || (q.To != "" && it.key.Name >= q.To) {
				continue
			}
			out = append(out, lifecycle.Record{Key: it.key, Value: json.RawMessage(it.body)})
			if len(out) == q.Limit {
				return out, nil
			}
		}
		if len(page.LastEvaluatedKey) == 0 {
			return out, nil
		}
		in.ExclusiveStartKey = page.LastEvaluatedKey
	}
}

// query gives the first page's input. BETWEEN includes its upper bound, which List drops.
func (s *Store) query(q lifecycle.Query) *dynamodb.QueryInput {
	cond, values := "pk = :pk", map[string]types.AttributeValue{":pk": text(q.Partition)}
	switch {
	case q.From != "" && q.To != "":
		cond += " AND sk BETWEEN :from AND :to"
	case q.From != "":
		cond += " AND sk >= :from"
	case q.To != "":
		cond += " AND sk < :to"
	}
	if q.From != "" {
		values[":from"] = text(q.From)
	}
	if q.To != "" {
		values[":to"] = text(q.To)
	}
	return &dynamodb.QueryInput{
		TableName: &s.table, ConsistentRead: aws.Bool(true), ScanIndexForward: aws.Bool(!q.Newest),
		KeyConditionExpression: &cond, ExpressionAttributeValues: values,
	}
}

func decode(key lifecycle.Key, body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("decode record %s %s: %w", key.Partition, key.Name, err)
	}
	return nil
}
