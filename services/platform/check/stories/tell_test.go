package stories

import (
	"strings"
	"testing"
)

func TestAStoryThatGoesAnotherWayIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*Story)
		why    string
	}{
		"it ends otherwise":         {func(s *Story) { s.Ends = "cancelled" }, "the order ends completed, not cancelled"},
		"something does not happen": {func(s *Story) { s.Must = []string{"refund.issued"} }, "refund.issued was not said"},
		"something happens":         {func(s *Story) { s.Not = []string{"payment.captured"} }, "payment.captured was said"},
		"people never do what they want": {func(s *Story) { s.When = when("storefront.order_placed", "order.completed") },
			"the order ends"},
	} {
		s := All[0]
		c.change(&s)
		if _, _, err := s.tell(nil); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatIsParkedIsDecidedInItsOrderOnceItIsRedriven(t *testing.T) {
	t.Parallel()
	s := All[len(All)-1]
	_, lines, err := s.tell(nil)
	if err != nil {
		t.Fatal(err)
	}
	var parked, decided []string
	redriven := false
	for _, l := range lines {
		switch {
		case l.service != s.Parks:
		case strings.Contains(l.does, "redrives"):
			redriven = true
		case redriven:
			decided = append(decided, l.on)
		default:
			parked = append(parked, l.on)
		}
	}
	if len(parked) < 2 || strings.Join(parked, " ") != strings.Join(decided, " ") {
		t.Errorf("parked %v, decided %v", parked, decided)
	}
}
