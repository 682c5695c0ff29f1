package config

// Audit is where an audit is read. It is the process that is looked at whose variables count.
type Audit struct {
	ClusterName string
	Table       string // empty = the embedded store in Data
	Data        string
}

// ReadAudit reads what showtime audit needs. The error names every variable that is wrong.
func ReadAudit(lookup Lookup) (Audit, error) {
	r := reader{lookup: lookup}
	s := Audit{ClusterName: r.clusterName(), Table: r.table(false), Data: r.or(varData, defaultData)}
	return s, r.err()
}
