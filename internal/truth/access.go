package truth

import (
	"regexp"
	"strconv"
	"strings"
)

func accessQueries() []query {
	listed := options{"limit": "100"}
	more := options{"limit": "1000"}
	counted := options{"limit": "100", "ignored_users": notPeople}
	return []query{
		{name: "downloads", params: counted, other: options{"limit": "1000", "ignored_users": "dbadmin"}, rows: func(k *look) *Answer {
			return k.counted(k.silver(isDownload, k.people()), "num_downloads")
		}},
		{name: "download_bursts", params: burstParams("21", "60"), other: burstParams("4", "240"), rows: func(k *look) *Answer {
			return k.burst(k.silver(isDownload))
		}},
		{name: "destructive_actions", params: counted, other: more, rows: func(k *look) *Answer {
			return k.counted(k.silver(isDestructive, k.people()), "num_events")
		}},
		{name: "destructive_days", params: options{"threshold": "51", "ignored_users": notPeople}, other: options{"threshold": "5"}, rows: destructiveDays},
		{name: "secret_bursts", params: options{"threshold": "10", "ignored_users": notPeople}, other: options{"threshold": "4"}, rows: secretBursts},
		{name: "secret_enumeration", params: options{"threshold": "15", "ignored_users": notPeople}, other: options{"threshold": "6"}, rows: secretEnumeration},
		{name: "secret_scanners", params: listed, other: more, rows: func(k *look) *Answer {
			scanner := func(e *Event) bool {
				agent, _ := e.agent.(string)
				return strings.Contains(strings.ToLower(agent), "trufflehog")
			}
			return k.list(k.silver(scanner), func(e *Event) []any {
				return []any{e.actor, e.address, e.service, e.action, e.agent, e.outcome}
			}, "user", "address", "service", "action", "agent", "outcome")
		}},
		{name: "mounts", params: listed, other: more, rows: func(k *look) *Answer {
			return k.list(k.in("dbfs", action("mount")), func(e *Event) []any {
				return []any{e.actor, e.column("mountPoint"), e.column("owner"), e.outcome}
			}, "user", "mountPoint", "owner", "outcome")
		}},
		{name: "dbfs_writes", params: counted, other: more, rows: dbfsWrites},
		{name: "printing_commands", params: counted, other: more, rows: printingCommands},
		{name: "credentials_in_commands", params: listed, other: more, rows: func(k *look) *Answer {
			return k.list(k.silver(isCommand, func(e *Event) bool { return e.leaking }), func(e *Event) []any {
				return []any{e.actor, e.service, e.action, e.requestID}
			}, "user", "service", "action", "requestId")
		}},
		{name: "malware_found", params: listed, other: more, rows: malwareFound},
		{name: "host_alerts", params: listed, other: options{"limit": "5"}, rows: hostAlerts},
	}
}

// isDownload takes data out of Databricks.
func isDownload(e *Event) bool {
	switch e.service {
	case "notebook":
		return e.is("downloadPreviewResults", "downloadLargeResults")
	case "filesystem":
		return e.is("filesGet")
	case "modelRegistry":
		return e.is("getModelVersionDownloadUri", "getModelVersionSignedDownloadUri")
	case "workspace":
		return e.is("workspaceExport") && e.entry("workspaceExportFormat") != "SOURCE"
	case "databrickssql":
		return e.is("downloadQueryResult") && e.entry("fileType") != "arrows"
	}
	return false
}

func isDestructive(e *Event) bool {
	name, _ := e.action.(string)
	name = strings.ToLower(name)
	return strings.Contains(name, "delete") || strings.Contains(name, "trash")
}

// counted are the events by user, service and action.
func (k *look) counted(events []*Event, count string) *Answer {
	a := columns("user", "service", "action", count, "last")
	for l, g := range groups(events, func(e *Event) labels { return labels{e.actor, e.service, e.action} }) {
		a.add(l[0], l[1], l[2], len(g), g.last())
	}
	return a.order("-"+count, "user", "service", "action").limit(k.int("limit"))
}

func destructiveDays(k *look) *Answer {
	a := columns("date", "user", "num_events")
	for l, g := range groups(k.silver(isDestructive, k.people()), func(e *Event) labels { return labels{e.date(), e.actor} }) {
		if len(g) >= k.int("threshold") {
			a.add(l[0], l[1], len(g))
		}
	}
	return a.order("-num_events", "date", "user")
}

func secretBursts(k *look) *Answer {
	pair := func(e *Event) any {
		scope, _ := e.column("scope").(string)
		key, _ := e.column("key").(string)
		return scope + "/" + key
	}
	a := columns("time", "user", "num_secrets")
	for l, g := range groups(k.in("secrets", action("getSecret"), k.people()), func(e *Event) labels { return labels{e.at.hour(), e.actor} }) {
		if n := g.distinct(pair); n >= k.int("threshold") {
			a.add(l[0], l[1], n)
		}
	}
	return a.order("-num_secrets", "time", "user")
}

func secretEnumeration(k *look) *Answer {
	a := columns("date", "user", "num_lists", "num_reads")
	for l, g := range groups(k.in("secrets", k.people()), func(e *Event) labels { return labels{e.date(), e.actor} }) {
		lists, reads := g.count(action("listScopes")), g.count(action("getSecret"))
		if lists >= 1 && reads >= k.int("threshold") {
			a.add(l[0], l[1], lists, reads)
		}
	}
	return a.order("-num_reads", "date", "user")
}

func dbfsWrites(k *look) *Answer {
	a := columns("user", "action", "num_writes", "last")
	for l, g := range groups(k.in("dbfs", action("create", "addBlock", "put"), k.people()), func(e *Event) labels { return labels{e.actor, e.action} }) {
		a.add(l[0], l[1], len(g), g.last())
	}
	return a.order("-num_writes", "user", "action").limit(k.int("limit"))
}

var isCommand = action("runCommand", "commandSubmit")

func printingCommands(k *look) *Answer {
	a := columns("user", "service", "num_commands", "last")
	for l, g := range groups(k.silver(isCommand, func(e *Event) bool { return e.printing }, k.people()), func(e *Event) labels { return labels{e.actor, e.service} }) {
		a.add(l[0], l[1], len(g), g.last())
	}
	return a.order("-num_commands", "user", "service").limit(k.int("limit"))
}

var infectedFiles = regexp.MustCompile(`Infected files: *([0-9]+)`)

func malwareFound(k *look) *Answer {
	infected := func(e *Event) int64 {
		m := infectedFiles.FindStringSubmatch(e.result)
		if m == nil {
			return 0
		}
		n, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil {
			return 0
		}
		return n
	}
	return k.list(k.in("clamavscanservice_dataplane", func(e *Event) bool { return infected(e) > 0 }), func(e *Event) []any {
		return []any{e.column("instanceId"), infected(e), e.workspace}
	}, "instance", "infected", "workspaceId")
}

var hostAlertActions = action("Container Escape via Kernel Exploitation", "Userland Container Escape", "New File Executed in Container",
	"Privileged Container Launched", "Processor-Level Protections Disabled", "AppArmor Disabled In Kernel", "AppArmor Profile Modified",
	"Boot Files Modified", "Root Certificate Store Modified", "BPF Program Executed", "Kernel Module Loaded", "Kernel Exploit",
	"Suspicious Interactive Shell", "User Command Logging Evasion")

func hostAlerts(k *look) *Answer {
	a := columns("action", "instance", "num_alerts", "last")
	for l, g := range groups(k.in("capsule8_alerts_dataplane", hostAlertActions), func(e *Event) labels { return labels{e.action, e.column("instanceId")} }) {
		a.add(l[0], l[1], len(g), g.last())
	}
	return a.order("-num_alerts", "action", "instance").limit(k.int("limit"))
}
