package store

// Facts are how a DynamoDB table is set up, as far as the store depends on it.
type Facts struct {
	Active   bool
	Keys     []string // such as "pk HASH S", in the order of the schema
	OnDemand bool
}
