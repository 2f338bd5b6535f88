package admission

import (
	"testing"
	"time"
)

// installation processes orders one after another, a second after they were placed at the earliest.
type installation struct {
	limit    limit
	perMS    float64 // orders processed in a millisecond
	now      int     // milliseconds
	waits    []int   // when each of those that wait was admitted
	done     float64
	left     int // since the last poll
	admitted int
	shed     int
	longest  int // milliseconds from being admitted to being processed
	again    int // seconds, the longest
}

// run lets so many orders come in each millisecond, for a while.
func (i *installation) run(d time.Duration, perMS float64) {
	come := 0.0
	for end := i.now + int(d.Milliseconds()); i.now < end; i.now++ {
		for come += perMS; come >= 1; come-- {
			if again := i.limit.admit(); again > 0 {
				i.shed, i.again = i.shed+1, max(i.again, again)
				continue
			}
			i.admitted++
			i.waits = append(i.waits, i.now)
		}
		for i.done += i.perMS; i.done >= 1 && len(i.waits) > 0 && i.now-i.waits[0] >= 1000; i.done-- {
			i.longest = max(i.longest, i.now-i.waits[0])
			i.waits = i.waits[1:]
			i.left++
		}
		i.done = min(i.done, 1)
		if i.now%int(lookEvery.Milliseconds()) == 0 {
			i.limit.look(len(i.waits), i.left, lookEvery)
			i.left = 0
		}
	}
}

func TestABurstIsTakenAsFarAsItCanBeWorkedOffInTimeAndTheRestIsShed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ perSecond float64 }{"a small machine": {335}, "a large one": {5000}} {
		i := installation{limit: limit{within: 10 * time.Second}, perMS: c.perSecond / 1000}
		i.run(20*time.Second, 4*c.perSecond/1000)
		if i.shed == 0 || i.longest > 13_000 || float64(i.admitted) < 0.85*20*c.perSecond {
			t.Errorf("%s: %d admitted, %d shed, the longest waited %d ms", name, i.admitted, i.shed, i.longest)
		}
		if i.again < 1 || i.again > 10 {
			t.Errorf("%s: told to stay away for %d s", name, i.again)
		}
		shed := i.shed
		i.run(15*time.Second, 0)
		if len(i.waits) != 0 {
			t.Errorf("%s: %d still wait", name, len(i.waits))
		}
		i.run(30*time.Second, c.perSecond/1000*0.8)
		if i.shed != shed {
			t.Errorf("%s: %d were shed after the burst", name, i.shed-shed)
		}
	}
}

func TestAnInstallationThatStandsStillIsGivenFewAndGoesOnByItself(t *testing.T) {
	t.Parallel()
	i := installation{limit: limit{within: 10 * time.Second}, perMS: 0.3}
	i.run(20*time.Second, 0.25)
	if i.shed != 0 {
		t.Fatalf("%d were shed while all went well", i.shed)
	}
	i.perMS = 0
	i.run(60*time.Second, 0.25)
	if len(i.waits) > 2*least {
		t.Errorf("%d wait for an installation that stands still", len(i.waits))
	}
	i.perMS = 0.3
	i.run(20*time.Second, 0.25)
	shed := i.shed
	i.run(20*time.Second, 0.25)
	if i.shed != shed || len(i.waits) > least {
		t.Errorf("%d were shed after it went on, %d wait", i.shed-shed, len(i.waits))
	}
}

func TestOrdersThatNeverGetOnShedNothing(t *testing.T) {
	t.Parallel()
	l := limit{within: 10 * time.Second}
	for range 1000 {
		l.look(least/2, 0, lookEvery)
		if again := l.admit(); again != 0 {
			t.Fatal("orders are shed because of a few that are stuck")
		}
	}
}

func TestOnceOrdersAreShedTheyAreUntilThereIsRoomForMany(t *testing.T) {
	t.Parallel()
	l := limit{within: 10 * time.Second}
	for _, c := range []struct {
		waiting int
		shed    bool
	}{{least - 1, false}, {least, true}, {least - 1, true}, {least * 3 / 4, false}, {least - 1, false}} {
		l.look(c.waiting, 0, 0)
		if again := l.admit(); (again > 0) != c.shed {
			t.Errorf("%d wait: told to come in %d s", c.waiting, again)
		}
	}
}
