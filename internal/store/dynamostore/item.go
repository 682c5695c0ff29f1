package dynamostore

import (
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"showtime/internal/store"
	"showtime/lifecycle"
)

// The attributes of an item. The table's key and TTL in template.yaml have the same names.
const (
	attrPK      = "pk"
	attrSK      = "sk"
	attrBody    = "body"
	attrVersion = "ver"
	attrExpires = "expires_at"
	attrBy      = "by" // the id of the Update that wrote it
)

// item is one item of the table.
type item struct {
	key     lifecycle.Key
	body    string
	version int64 // 0 = there is no item
	expires int64 // Unix seconds, 0 = never
	by      string
}

// gone says that there is no such record, or only one that has expired and waits for DynamoDB to remove it.
func (it item) gone(now time.Time) bool { return it.version == 0 || store.Expired(it.expires, now) }

func (it item) attributes() map[string]types.AttributeValue {
	attrs := keyOf(it.key)
	attrs[attrBody], attrs[attrVersion], attrs[attrBy] = text(it.body), number(it.version), text(it.by)
	if it.expires != 0 {
		attrs[attrExpires] = number(it.expires)
	}
	return attrs
}

func parse(attrs map[string]types.AttributeValue) (item, error) {
	it := item{key: lifecycle.Key{Partition: textOf(attrs[attrPK]), Name: textOf(attrs[attrSK])}}
	it.body, it.by = textOf(attrs[attrBody]), textOf(attrs[attrBy])
	var err error
	if it.version, err = numberOf(attrs[attrVersion]); err != nil || it.version <= 0 {
		return item{}, fmt.Errorf("decode record %s %s: bad version", it.key.Partition, it.key.Name)
	}
	if _, ok := attrs[attrExpires]; ok {
		if it.expires, err = numberOf(attrs[attrExpires]); err != nil {
			return item{}, fmt.Errorf("decode record %s %s: bad expiry", it.key.Partition, it.key.Name)
		}
	}
	return it, nil
}

func keyOf(k lifecycle.Key) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{attrPK: text(k.Partition), attrSK: text(k.Name)}
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func textOf(v types.AttributeValue) string {
	if s, ok := v.(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

func numberOf(v types.AttributeValue) (int64, error) {
	n, ok := v.(*types.AttributeValueMemberN)
	if !ok {
		return 0, fmt.Errorf("read number: %T", v)
	}
	return strconv.ParseInt(n.Value, 10, 64)
}
