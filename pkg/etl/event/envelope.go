package event

import (
	"bytes"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/etl/strictjson"
)

// Azure delivers the same events in the envelope of its diagnostic logs:
//
//	{"time":"2025-05-01T13:43:28Z", "operationName":"Microsoft.Databricks/accounts/tokenLogin",
//	 "resourceId":"/SUBSCRIPTIONS/…/WORKSPACES/<name>", "category":"accounts", "Host":"…",
//	 "identity":{"email":…,"subjectName":…},
//	 "properties":{"serviceName":…,"actionName":…,"requestParams":{…},"response":{…},"logId":…,…}}
//
// where identity, requestParams and response may be JSON as text.

// operationPrefix begins the operationName of every event of Databricks, in any
// letter case.
const operationPrefix = "Microsoft.Databricks/"

// workspaceLevel is the audit level of all that Azure's diagnostic logs carry.
const workspaceLevel = "WORKSPACE_LEVEL"

// isEnvelope reports whether the members in c.top and c.unknown are those of an
// envelope: a time and an operation of Databricks as text, properties, and none of
// the members that make a native event.
func (c *Cleanser) isEnvelope() bool {
	for _, f := range []int{fTimestamp, fServiceName, fActionName, fRequestParams, fResponse, fUserIdentity} {
		if !c.top[f].None() {
			return false
		}
	}
	properties, operation := c.unknown.get("properties"), c.unknown.get("operationName")
	if !properties.IsObject() {
		return false
	}
	name := operation.Text()
	if len(name) < len(operationPrefix) || !strings.EqualFold(string(name[:len(operationPrefix)]), operationPrefix) {
		return false
	}
	return c.unknown.get("time").IsString()
}

// unwrap puts the members of an envelope where those of a native event are. What
// has no column stays in c.unknown.
func (c *Cleanser) unwrap() (millis int64, _ Reason) {
	c.outer, c.unknown = c.unknown, c.outer
	c.unknown.reset()
	var at, identity, properties strictjson.Value
	for _, m := range c.outer.list {
		switch string(m.key) {
		case "time":
			at = m.value
		case "identity":
			identity = m.value
		case "properties":
			properties = m.value
		default:
			c.unknown.set(m.key, m.value)
		}
	}
	when, err := time.Parse(time.RFC3339, string(at.Text()))
	if err != nil {
		return 0, c.refuse(BadTime, Reason("time is not a time of RFC 3339: "+clip(quoted(at))))
	}
	if when.Nanosecond()%int(time.Millisecond) != 0 {
		c.keepWhole("time", at)
	}
	c.unwrapProperties(properties)
	c.unwrapIdentity(identity)
	for i, f := range []int{fRequestParams, fResponse} {
		c.top[f] = c.opened(&c.inner[i], c.top[f])
	}
	c.told.Reset()
	if c.top[fAuditLevel].IsNull() {
		c.top[fAuditLevel] = c.told.NewString(workspaceLevel)
	}
	if c.top[fWorkspaceID].IsNull() {
		if id := c.workspaceOf(); !id.None() {
			c.top[fWorkspaceID] = id
		}
	}
	return when.UnixMilli(), ""
}

// unwrapProperties takes the members of properties up. Where the envelope has one
// of the same name, all of properties stays, so that nothing is hidden by it.
func (c *Cleanser) unwrapProperties(properties strictjson.Value) {
	outer, outside := c.top, len(c.unknown.list)
	clash := false
	for m := properties.First(); !m.None(); m = m.Next() {
		f := fieldOf(m.Key())
		switch {
		case f < 0 || f == fTimestamp:
			switch i := c.unknown.index(m.Key()); {
			case i >= 0 && i < outside:
				clash = true
			case c.unknown.set(m.Key(), m):
				c.Counts.DuplicateKeys++
			}
		case !outer[f].IsNull():
			clash = true
		default:
			if !c.top[f].None() && outer[f].None() {
				c.Counts.DuplicateKeys++
			}
			c.top[f] = m
		}
	}
	if clash {
		c.keepWhole("properties", properties)
	}
}

// unwrapIdentity makes of identity what a native event has as userIdentity.
func (c *Cleanser) unwrapIdentity(identity strictjson.Value) {
	if identity.IsNull() {
		c.top[fUserIdentity] = c.opened(&c.inner[2], c.top[fUserIdentity])
		return
	}
	if inside := c.top[fUserIdentity]; !inside.IsNull() {
		c.keepWhole("userIdentity", inside)
	}
	c.top[fUserIdentity] = strictjson.Value{}
	switch v := c.opened(&c.inner[2], identity); {
	case v.IsNull():
	case v.IsObject():
		c.top[fUserIdentity] = v
	default:
		c.keepWhole("identity", identity)
	}
}

// opened is the object or null that a string has as JSON; an empty string is
// null, and any other value is what it was. It is valid until the parser is used
// again.
func (c *Cleanser) opened(p *strictjson.Parser, v strictjson.Value) strictjson.Value {
	if !v.IsString() {
		return v
	}
	text := v.Text()
	start := bytes.TrimLeft(text, " \t\r\n")
	switch {
	case len(start) == 0:
		return strictjson.Value{}
	case start[0] != '{' && start[0] != 'n':
		return v
	}
	inner, reason := c.Parse(p, text)
	if reason != "" || !inner.IsObject() && !inner.IsNull() {
		return v
	}
	return inner
}

// workspaceOf is the workspace that an envelope tells of: the host in a URL of
// Azure, adb-<id>.<n>.azuredatabricks.net, or the orgId that Databricks adds to
// the parameters of jobs. The resource has the workspace's name only. There is none
// where neither is there.
func (c *Cleanser) workspaceOf() strictjson.Value {
	id, domain, _ := strings.Cut(string(c.unknown.get("Host").Text()), ".")
	if digits, ok := strings.CutPrefix(id, "adb-"); ok && isDigits(digits) && strings.Contains(domain, "azuredatabricks.") {
		return c.told.NewNumber(digits)
	}
	service, params := c.top[fServiceName], c.top[fRequestParams]
	if string(service.Text()) != "jobs" {
		return strictjson.Value{}
	}
	if id := params.Get("orgId"); !id.IsNull() {
		if n, ok := integer(id); ok && n >= 0 {
			return id
		}
	}
	return strictjson.Value{}
}

// isDigits reports whether the text is the digits of a positive long.
func isDigits(s string) bool {
	const most = 18
	return s != "" && len(s) <= most && strings.Trim(s, "0123456789") == "" && s[0] != '0'
}
