package identity

import "github.com/auditlake/auditlake/pkg/columnar"

// EventColumns are the columns of silver that facts are made from.
func EventColumns() columnar.Schema {
	text := columnar.Of(columnar.String)
	return columnar.Schema{
		{Name: "workspaceId", Type: columnar.Of(columnar.Long)},
		{Name: "serviceName", Type: text},
		{Name: "actionName", Type: text},
		{Name: "email", Type: text},
		{Name: "date_time", Type: columnar.Of(columnar.Timestamp)},
		{Name: "requestParams", Type: columnar.MapOf(text, text)},
		{Name: "response", Type: columnar.StructOf(columnar.Field{Name: "statusCode", Type: columnar.Of(columnar.Long)})},
	}
}

// Learner collects the facts of events. It is not safe for concurrent use. Its
// memory is that of the principals.
type Learner struct {
	Principals Principals

	classes map[string]int8 // of the keys that are not otherKey

	dict   *columnar.Bytes // of the keys of parameters in the last batch
	byCode []int8          // what a key is, by its code in dict
}

// NewLearner knows nobody.
func NewLearner() *Learner {
	l := &Learner{Principals: Principals{}, classes: map[string]int8{}}
	for _, key := range Keys() {
		l.classes[key] = usedKey
	}
	for _, key := range naming() {
		l.classes[key] = namingKey
	}
	return l
}

// What a key of parameters is.
const (
	otherKey int8 = iota
	usedKey
	namingKey
)

// Learn takes the facts of a batch of silver, which has at least EventColumns.
func (l *Learner) Learn(b *columnar.Batch) {
	params := b.Column("requestParams")
	keys := params.Children[0]
	if keys.Codes != nil && keys.Dict != l.dict {
		l.dict, l.byCode = keys.Dict, l.byCode[:0]
		for code := range keys.Dict.Len() {
			l.byCode = append(l.byCode, l.classes[string(keys.Dict.At(code))])
		}
	}
	for row := range b.Len {
		from, to := int(params.Offsets[row]), int(params.Offsets[row+1])
		if l.names(keys, from, to) {
			for _, fact := range Facts(l.event(b, params, row)) {
				l.Principals.Add(fact)
			}
		}
	}
}

func (l *Learner) class(keys *columnar.Vector, i int) int8 {
	if keys.Codes != nil {
		if code := keys.Codes[i]; code >= 0 {
			return l.byCode[code]
		}
		return otherKey
	}
	return l.classes[string(keys.ByteAt(i))]
}

// names says that one of the parameters is an id.
func (l *Learner) names(keys *columnar.Vector, from, to int) bool {
	for i := from; i < to; i++ {
		if l.class(keys, i) == namingKey {
			return true
		}
	}
	return false
}

// event is the event of a row.
func (l *Learner) event(b *columnar.Batch, params *columnar.Vector, row int) Event {
	text := func(column string) string { return string(b.Column(column).ByteAt(row)) }
	e := Event{
		Service: text("serviceName"), Action: text("actionName"), Email: text("email"),
		Workspace: -1, At: b.Column("date_time").Ints[row], Params: map[string]string{},
	}
	if workspace := b.Column("workspaceId"); !workspace.IsNull(row) {
		e.Workspace = workspace.Ints[row]
	}
	if status := b.Column("response").Field("statusCode"); !status.IsNull(row) {
		e.Refused = status.Ints[row] < 200 || status.Ints[row] >= 400
	}
	keys, values := params.Children[0], params.Children[1]
	for i := int(params.Offsets[row]); i < int(params.Offsets[row+1]); i++ {
		if l.class(keys, i) != otherKey {
			e.Params[string(keys.ByteAt(i))] = string(values.ByteAt(i))
		}
	}
	return e
}
