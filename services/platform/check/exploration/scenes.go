package exploration

import "orderflow.example/shared/saga/model"

// Scenes are all ways in which an order may begin, by the default rules.
func Scenes() (scenes []model.Scene) {
	for _, goods := range [][2]string{{"enough", "fill_all"}, {"none", "fill_available"}, {"part", "fill_available"},
		{"part", "fill_all"}, {"late", "fill_all"}} {
		for _, who := range [][2]string{{"trusted", ""}, {"blocked", ""}, {"nowhere", ""}, {"review", ""}, {"review", "approves"},
			{"review", "refuses"}} {
			for _, cancels := range []bool{false, true} {
				for _, returns := range []string{"", "one", "all", "each"} {
					if goods[0] == "late" && returns != "" {
						continue // a back-order is over long before anything is sent back
					}
					scenes = append(scenes, model.Scene{Stock: goods[0], Fill: goods[1], Customer: who[0], Operator: who[1],
						Cancels: cancels, Returns: returns})
				}
			}
		}
	}
	for _, cancels := range []bool{false, true} {
		for _, fill := range []string{"fill_all", "fill_available"} {
			scenes = append(scenes, model.Scene{Stock: "enough", Fill: fill, Customer: "trusted", Cancels: cancels, Missing: true})
		}
		for _, returns := range []string{"", "one", "all", "each"} { // the warehouse leaves goods out
			scenes = append(scenes, model.Scene{Stock: "enough", Fill: "fill_available", Customer: "trusted", Cancels: cancels,
				Returns: returns})
		}
	}
	for _, cancels := range []bool{false, true} { // the shop cancels, and perhaps the customer too
		for _, who := range []string{"trusted", "review"} {
			scenes = append(scenes, model.Scene{Stock: "enough", Fill: "fill_all", Customer: who, Cancels: cancels, Revokes: true})
		}
	}
	return scenes
}

// Apart are the ways in which an order begins that leaves in two parcels. Beside each other these have so many states that what
// comes before is left to Scenes, and the books are kept in the plain ones only.
func Apart() (plain, more []model.Scene) {
	scene := func(fill string) model.Scene {
		return model.Scene{Stock: "enough", Fill: fill, Customer: "trusted", Apart: true}
	}
	plain = []model.Scene{scene("fill_all")}
	for _, fill := range []string{"fill_all", "fill_available"} {
		s := scene(fill)
		s.Cancels = true
		more = append(more, s)
	}
	s := scene("fill_all")
	s.Returns = "all"
	more = append(more, s)
	s = scene("fill_all")
	s.Missing = true
	more = append(more, s)
	s = scene("fill_all")
	s.Gateway = "once"
	return plain, append(more, s)
}
