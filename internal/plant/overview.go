package plant

func overview(s *stage) {
	const fresh, cut, again = "new_services", "truncated_events", "repeated_events"
	event := func(day int64, service, params, request string) event {
		return event{at: s.at(day, "10:00"), service: service, action: "tried", who: mail("explorer"), params: params, request: request}
	}
	s.do(event(27, "plantedNewService", "", ""))
	s.do(event(3, "plantedOldService", "", ""))
	s.do(event(27, "plantedOldService", "", ""))
	s.in(fresh, "plantedNewService")
	s.out(fresh, "plantedOldService")

	s.do(event(12, "plantedCut", `"TRUNCATED":""`, ""))
	s.do(event(12, "plantedCutText", with("commandText", "SELECT 1... truncated"), ""))
	s.do(event(12, "plantedWhole", with("commandText", "SELECT '... truncated'", "truncated", "true"), ""))
	s.do(event(12, "plantedCutNull", `"TRUNCATED":null`, ""))
	s.in(cut, "plantedCut", "plantedCutText")
	s.out(cut, "plantedWhole", "plantedCutNull")

	e := event(13, "plantedTwice", with("a", "1"), "planted-twice")
	for range 5 {
		s.do(e)
	}
	e.backwards = true // says the same in another order
	s.do(e)
	s.do(event(13, "plantedOnce", with("a", "1"), "planted-once"))
	s.do(event(13, "plantedOnce", with("a", "2"), "planted-once"))
	s.in(again, "plantedTwice")
	s.out(again, "plantedOnce")

	s.in("events_by_service", "plantedCut")
}
