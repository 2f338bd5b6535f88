package picture

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// format writes a value in the panel's unit, as Grafana would.
func (p panel) format(v float64) string {
	switch unit := p.FieldConfig.Defaults.Unit; {
	case unit == "s":
		return duration(v)
	case unit == "percentunit":
		return compact(100*v) + "%"
	case unit == "bytes":
		for _, u := range []string{"B", "KiB", "MiB"} {
			if math.Abs(v) < 1024 {
				return compact(v) + " " + u
			}
			v /= 1024
		}
		return compact(v) + " GiB"
	case unit == "locale":
		return grouped(v)
	case strings.HasPrefix(unit, "suffix:"):
		return compact(v) + strings.TrimPrefix(unit, "suffix:")
	}
	return compact(v)
}

func duration(v float64) string {
	switch a := math.Abs(v); {
	case a == 0:
		return "0 s"
	case a < .001:
		return compact(v*1e6) + " µs"
	case a < 1:
		return compact(v*1e3) + " ms"
	case a < 120:
		return compact(v) + " s"
	case a < 7200:
		return compact(v/60) + " min"
	case a < 172800:
		return compact(v/3600) + " h"
	}
	return compact(v/86400) + " d"
}

func compact(v float64) string {
	for _, u := range []string{"", " K", " M"} {
		if math.Abs(v) < 1000 {
			text := strconv.FormatFloat(v, 'f', decimals(v), 64)
			if strings.Contains(text, ".") {
				text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
			}
			return text + u
		}
		v /= 1000
	}
	return fmt.Sprintf("%.1f G", v)
}

func decimals(v float64) int {
	switch a := math.Abs(v); {
	case a >= 100 || v == math.Trunc(v):
		return 0
	case a >= 10:
		return 1
	}
	return 2
}

func grouped(v float64) string {
	digits := strconv.FormatFloat(math.Round(v), 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
