package provider

import (
	"encoding/binary"
	"errors"
	"strings"
	"time"
)

// pack writes the fields of a sealed token: strings with their length before them, numbers as varints.
// JSON would make codes and tokens half as long again, and they travel in URLs and headers.
type pack struct{ b []byte }

func (p *pack) text(s string) {
	p.b = binary.AppendUvarint(p.b, uint64(len(s)))
	p.b = append(p.b, s...)
}

func (p *pack) number(n int64)   { p.b = binary.AppendVarint(p.b, n) }
func (p *pack) time(t time.Time) { p.number(t.Unix()) }
func (p *pack) list(ss []string) { p.text(strings.Join(ss, " ")) }

var errPacked = errors.New("packed value is damaged")

// unpack reads what pack wrote; the first fault sets err and every later read returns zero.
type unpack struct {
	b   []byte
	err error
}

func (u *unpack) text() string {
	n, size := binary.Uvarint(u.b)
	if u.err != nil || size <= 0 || n > uint64(len(u.b)-size) {
		u.err = errPacked
		return ""
	}
	s := string(u.b[size : size+int(n)])
	u.b = u.b[size+int(n):]
	return s
}

func (u *unpack) number() int64 {
	n, size := binary.Varint(u.b)
	if u.err != nil || size <= 0 {
		u.err = errPacked
		return 0
	}
	u.b = u.b[size:]
	return n
}

func (u *unpack) time() time.Time { return time.Unix(u.number(), 0) }
func (u *unpack) list() []string  { return strings.Fields(u.text()) }

// end returns the fault, or that something was left over.
func (u *unpack) end() error {
	if u.err == nil && len(u.b) > 0 {
		return errPacked
	}
	return u.err
}
