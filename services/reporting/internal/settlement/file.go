package settlement

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"orderflow.example/schemas"
	"orderflow.example/services/reporting"
)

// Header is the first line of a settlement file: CSV in UTF-8, amounts in minor units, negative where the gateway took money
// from the shop; net is gross less fee. The last line is the trailer: the word trailer, how many lines there are between it
// and the header, and the SHA-256, in hex, of all bytes before it.
const Header = "transaction,type,order,reference,occurred_at,currency,gross,fee,net"

const trailer = "trailer"

// File is a whole settlement file.
type File struct {
	lines []reporting.FileLine
	ends  []int // of the lines, in bytes
	text  []byte
}

var (
	name     = regexp.MustCompile(`^[A-Za-z0-9_][!-~]{0,127}$`)
	currency = regexp.MustCompile(`^[A-Z]{3}$`)
	types    = []string{reporting.Capture, reporting.Refund, reporting.Chargeback, reporting.ChargebackReversed,
		reporting.RefundReversed}
)

// Parse reads a file of a day. An error tells the line, and repeats nothing of it.
func Parse(day string, content []byte) (*File, error) {
	body, last := content, 0
	if i := bytes.LastIndex(bytes.TrimSuffix(content, []byte("\n")), []byte("\n")); i >= 0 {
		body, last = content[:i+1], bytes.Count(content[:i+1], []byte("\n"))+1
	}
	end, ok := strings.CutPrefix(strings.TrimRight(string(content[len(body):]), "\r\n"), trailer+",")
	if last == 0 || !ok || !bytes.HasSuffix(content, []byte("\n")) {
		return nil, fmt.Errorf("line %d: the file ends without its trailer: it is cut short", max(last, 1))
	}
	count, digest, _ := strings.Cut(end, ",")
	sum := sha256.Sum256(body)
	if digest != hex.EncodeToString(sum[:]) {
		return nil, fmt.Errorf("line %d: the trailer's SHA-256 is not that of the lines before: the file is damaged", last)
	}
	f := &File{text: body}
	if err := f.read(day); err != nil {
		return nil, err
	}
	if n, err := strconv.Atoi(count); err != nil || n != len(f.lines) {
		return nil, fmt.Errorf("line %d: the trailer says there are other than the %d lines: lines are missing", last, len(f.lines))
	}
	return f, nil
}

func (f *File) read(day string) error {
	r := csv.NewReader(bytes.NewReader(f.text))
	head, err := r.Read()
	if err != nil || strings.Join(head, ",") != Header {
		return errors.New("line 1: want the header " + Header)
	}
	seen := map[string]bool{}
	for n := 2; ; n++ {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("line %d: no line of CSV with %d fields", n, len(head))
		}
		line, wrong := parseLine(day, record)
		if wrong == "" && seen[line.Transaction] {
			wrong = "transaction: it is in the file twice"
		}
		if wrong != "" {
			return fmt.Errorf("line %d: %s", n, wrong)
		}
		seen[line.Transaction] = true
		f.lines, f.ends = append(f.lines, line), append(f.ends, int(r.InputOffset()))
	}
}

func parseLine(day string, record []string) (line reporting.FileLine, wrong string) {
	line.Transaction, line.Movement, line.Order, line.Reference, line.Day = record[0], record[1], record[2], record[3], day
	line.Gross.Currency = record[5]
	for i, field := range []string{"transaction", "type", "order", "reference"} {
		if !name.MatchString(record[i]) {
			return line, field + ": want 1 to 128 printable characters, the first a letter or a digit"
		}
	}
	if !slices.Contains(types, line.Movement) {
		return line, "type: want one of " + strings.Join(types, ", ")
	}
	if !currency.MatchString(line.Gross.Currency) {
		return line, "currency: want three capital letters"
	}
	var amounts [3]int64
	for i, field := range []string{"gross", "fee", "net"} {
		n, err := strconv.ParseInt(record[6+i], 10, 64)
		if err != nil || n > most || n < -most {
			return line, field + ": want a whole number of minor units"
		}
		amounts[i] = n
	}
	line.Gross.Amount, line.Fee = amounts[0], amounts[1]
	if amounts[0]-amounts[1] != amounts[2] {
		return line, "net: it is not gross less fee"
	}
	return line, ""
}

// most bounds an amount, so that sums of a file do not overflow and JSON keeps it exactly.
const most = 1 << 50

// page is the lines after those skipped. digest is that of the file up to there, as it was answered.
func (f *File) page(skip int64, digest string) reporting.File {
	from := int(min(max(skip, 0), int64(len(f.lines))))
	if from > 0 && digest != f.digest(from) || int64(from) != skip {
		return reporting.File{Changed: true}
	}
	upto := min(from+reporting.PageLines, len(f.lines))
	return reporting.File{Skipped: skip, Lines: f.lines[from:upto], Total: int64(len(f.lines)), Digest: f.digest(upto),
		Payout: payout(f.lines)}
}

// digest is that of the first lines.
func (f *File) digest(lines int) string {
	text := f.text
	if lines < len(f.lines) {
		text = f.text[:f.ends[lines-1]]
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// payout is what all lines together pay, by currency.
func payout(lines []reporting.FileLine) (sums []schemas.Money) {
	for _, l := range lines {
		i, found := slices.BinarySearchFunc(sums, l.Gross.Currency, func(m schemas.Money, c string) int {
			return cmp.Compare(m.Currency, c)
		})
		if !found {
			sums = slices.Insert(sums, i, schemas.Money{Currency: l.Gross.Currency})
		}
		sums[i].Amount += l.Gross.Amount - l.Fee
	}
	return sums
}
