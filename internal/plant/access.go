package plant

import (
	"fmt"
	"strings"
)

func downloads(s *stage) {
	const taken, bursts, destroyed, days = "downloads", "download_bursts", "destructive_actions", "destructive_days"
	t := s.at(15, "06:00")
	take := func(who string, n int, step int64, service, action, params string) {
		s.times(n, step, event{at: t, service: service, action: action, who: mail(who), params: params})
	}
	take("taker", 9, second, "filesystem", "filesGet", with("path", "/Volumes/main/x"))
	take("taker.of.models", 9, second, "modelRegistry", "getModelVersionSignedDownloadUri", with("name", "churn"))
	take("taker.of.no.type", 9, second, "databrickssql", "downloadQueryResult", with("queryId", "q"))
	take("taker.of.key.case", 9, second, "databrickssql", "downloadQueryResult", with("FileType", "arrows")) // silver's map has keys as delivered
	take("taker.of.no.format", 9, second, "workspace", "workspaceExport", with("path", "/x"))
	s.in(taken, mail("taker"), mail("taker.of.models"), mail("taker.of.no.type"), mail("taker.of.key.case"), mail("taker.of.no.format"))
	take("viewer", 30, second, "databrickssql", "downloadQueryResult", with("fileType", "arrows"))
	take("exporter", 30, second, "workspace", "workspaceExport", with("workspaceExportFormat", "SOURCE"))
	take("putter", 30, second, "filesystem", "filesPut", with("path", "/x"))
	take("getter", 30, second, "files", "filesGet", with("path", "/x")) // another service
	s.out(taken, mail("viewer"), mail("exporter"), mail("putter"), mail("getter"))

	take("hoarder", 21, 3*minute, "notebook", "downloadPreviewResults", "")
	s.in(bursts, mail("hoarder"))
	take("hoarder.of.20", 20, second, "notebook", "downloadLargeResults", "")
	take("hoarder.slow", 21, 3*minute+1, "notebook", "downloadPreviewResults", "")
	s.out(bursts, mail("hoarder.of.20"), mail("hoarder.slow"), mail("viewer"), mail("exporter"))

	take("deleter", 51, second, "unityCatalog", "deleteTable", "")
	take("trasher", 51, second, "workspace", "moveToTRASH", "")
	s.in(days, mail("deleter"), mail("trasher"))
	s.in(destroyed, mail("deleter"), mail("trasher"))
	take("deleter.of.50", 50, second, "dbfs", "delete", "")
	s.times(80, minute, event{at: s.at(15, "23:20"), service: "dbfs", action: "delete", who: mail("deleter.at.midnight")})
	take("dropper", 80, second, "unityCatalog", "dropTable", "")
	s.out(days, mail("deleter.of.50"), mail("deleter.at.midnight"), mail("dropper"))
	s.out(destroyed, mail("dropper"))
}

func secrets(s *stage) {
	const bursts, enumeration = "secret_bursts", "secret_enumeration"
	read := func(at int64, who, scope, prefix string, n, keys int) {
		for i := range n {
			s.do(event{at: at + int64(i)*second, service: "secrets", action: "getSecret", who: who, params: with("scope", scope, "key", fmt.Sprint(prefix, i%keys))})
		}
	}
	list := func(at int64, who string) {
		s.do(event{at: at, service: "secrets", action: "listScopes", who: who})
	}
	t := s.at(16, "14:00")
	read(t, mail("secret.ten"), "prod", "k", 5, 5)
	read(t+30*minute, mail("secret.ten"), "dev", "k", 5, 5) // the same keys of another scope
	s.in(bursts, mail("secret.ten"))
	read(t, mail("secret.nine"), "prod", "k", 27, 9)
	read(t+59*minute, mail("secret.two.hours"), "prod", "k", 5, 5)
	read(t+60*minute, mail("secret.two.hours"), "prod", "l", 5, 5)
	read(t, "unknown", "prod", "k", 12, 12)
	s.out(bursts, mail("secret.nine"), mail("secret.two.hours"), "unknown")

	read(t, mail("secret.lister"), "prod", "k", 15, 1)
	list(t+5*hour, mail("secret.lister"))
	s.in(enumeration, mail("secret.lister"))
	read(t, mail("secret.lister.of.14"), "prod", "k", 14, 14)
	list(t, mail("secret.lister.of.14"))
	read(t, mail("secret.reader"), "prod", "k", 20, 20)
	read(s.at(16, "23:59"), mail("secret.lister.at.midnight"), "prod", "k", 30, 30)
	list(s.at(17, "00:01"), mail("secret.lister.at.midnight"))
	s.out(enumeration, mail("secret.lister.of.14"), mail("secret.reader"), mail("secret.lister.at.midnight"))

	const scanners = "secret_scanners"
	agent := func(who, agent string) {
		s.do(event{at: t, service: "workspace", action: "getWorkspaceNode", who: mail(who), agent: agent, address: "192.0.2.150"})
	}
	agent("scanner", "TruffleHog")
	agent("scanner.lower", "curl/8 trufflehog/3.63.1")
	agent("truffle.pig", "truffle-pig/1.0 hog")
	s.in(scanners, mail("scanner"), mail("scanner.lower"))
	s.out(scanners, mail("truffle.pig"))
}

func host(s *stage) {
	const mounts, writes, prints, leaks = "mounts", "dbfs_writes", "printing_commands", "credentials_in_commands"
	t := s.at(17, "14:00")
	s.do(event{at: t, service: "dbfs", action: "mount", who: mail("mounter"), params: with("mountPoint", "/mnt/planted", "owner", mail("mount.owner"))})
	s.do(event{at: t, service: "dbfs", action: "unmount", who: mail("mounter"), params: with("mountPoint", "/mnt/unplanted")})
	s.in(mounts, "/mnt/planted")
	s.out(mounts, "/mnt/unplanted")
	s.times(20, second, event{at: t, service: "dbfs", action: "put", who: mail("dbfs.writer")})
	s.times(20, second, event{at: t, service: "dbfs", action: "move", who: mail("dbfs.mover")})
	s.times(20, second, event{at: t, service: "dbfs", action: "put", who: "Unknown"})
	s.in(writes, mail("dbfs.writer"))
	s.out(writes, mail("dbfs.mover"), "Unknown")

	command := func(who, service, action, text string) {
		s.do(event{at: t, service: service, action: action, who: mail(who), params: with("commandText", text), request: "planted-command-" + who})
	}
	for range 9 {
		command("printer", "notebook", "runCommand", "x = 1\nprint (x)")
		command("printer.sql", "databrickssql", "commandSubmit", "SELECT 'print(1)'")
		command("printer.blue", "notebook", "runCommand", "blueprint(1); sprint(2); print_all(3)")
		command("printer.unseen", "notebook", "submitCommand", "print(1)")
	}
	s.in(prints, mail("printer"), mail("printer.sql"))
	s.out(prints, mail("printer.blue"), mail("printer.unseen"))
	token := "dapi" + strings.Repeat("0123456789abcdef", 2)
	command("copier.into", "databrickssql", "commandSubmit", "copy\n  into t FROM 's3://x'\nWITH (credential (aws_access_key = 'x'))")
	command("token.user", "jobs", "runCommand", "curl -H 'Authorization: Bearer "+token+"'")
	command("token.shouter", "notebook", "runCommand", strings.ToUpper(token))
	s.in(leaks, mail("copier.into"), mail("token.user"), mail("token.shouter"))
	command("copier.plain", "databrickssql", "commandSubmit", "COPY INTO t FROM 's3://x'")
	command("copier.before", "databrickssql", "commandSubmit", "-- credentials first\nCOPY INTO t FROM 's3://x'")
	command("token.short", "notebook", "runCommand", token[:len(token)-1])
	command("token.long", "notebook", "runCommand", token+"0")
	s.out(leaks, mail("copier.plain"), mail("copier.before"), mail("token.short"), mail("token.long"))

	const malware, alerts = "malware_found", "host_alerts"
	scan := func(instance, result string) {
		s.do(event{at: t, service: "clamAVScanService-dataplane", action: "clamAVScanAction", who: "System-User", params: with("instanceId", instance), result: result})
	}
	scan("i-planted-infected", "Known viruses: 8600000\nInfected files: 3\nTime: 1 s")
	scan("i-planted-infected-too", "Infected files:12")
	scan("i-planted-clean", "Infected files: 0")
	scan("i-planted-unclear", "/tmp/x.jar: Win.Test.EICAR_HDB-1 FOUND")
	scan("i-planted-silent", "")
	s.in(malware, "i-planted-infected", "i-planted-infected-too")
	s.out(malware, "i-planted-clean", "i-planted-unclear", "i-planted-silent")

	for _, name := range []string{
		"Container Escape via Kernel Exploitation", "Userland Container Escape", "New File Executed in Container",
		"Privileged Container Launched", "Processor-Level Protections Disabled", "AppArmor Disabled In Kernel",
		"AppArmor Profile Modified", "Boot Files Modified", "Root Certificate Store Modified", "BPF Program Executed",
		"Kernel Module Loaded", "Kernel Exploit", "Suspicious Interactive Shell", "User Command Logging Evasion",
	} {
		s.times(3, second, event{at: t, service: "capsule8-alerts-dataplane", action: name, who: "System-User", params: with("instanceId", "i-planted-host")})
		s.in(alerts, name)
	}
	s.times(3, second, event{at: t, service: "capsule8-alerts-dataplane", action: "Planted Heartbeat", who: "System-User", params: with("instanceId", "i-planted-heart")})
	s.in(alerts, "i-planted-host")
	s.out(alerts, "Planted Heartbeat", "i-planted-heart")
}
