package dashboard

import (
	"encoding/csv"
	"net/http"
	"strings"
	"time"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/storage"
)

// An export holds at most so many entries; the filters lead to the rest.
const exportMax = 100_000

// exportColumns is the header of the file: names, because machines read it.
var exportColumns = []string{"id", "time", "actor_kind", "actor_id", "actor", "action", "target_id", "target", "result", "detail", "address"}

// exportAudit is GET /audit/export: what the filters leave, as CSV, written while it is read.
func (d *Dashboard) exportAudit(w http.ResponseWriter, r *http.Request, m *login.Member) {
	p, f, err := d.auditFilter(r)
	if err == nil && p.Mistake.Reason != "" {
		err = storage.ErrNotFound // the page shows no link to such an export
	}
	if err == nil { // that much leaves the house at once, so it is told
		err = d.db.Audit(r.Context(), storage.AuditEntry{Actor: m.Actor, Action: "audit.export", Detail: clip(r.URL.RawQuery, 400)})
	}
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+exportName(r.URL.Query(), d.now())+`"`)
	out := csv.NewWriter(w)
	out.UseCRLF = true // RFC 4180
	_ = out.Write(exportColumns)
	names := d.names(r)
	wire, count := http.NewResponseController(w), 0
	err = d.db.AuditEach(r.Context(), f, exportMax, func(e storage.AuditEntry) error {
		if count++; count%1000 == 0 {
			out.Flush()
			// Whoever still reads is not cut off by the server's limit for one answer; this is a deadline of
			// the connection, not of anything that is tested by another clock.
			_ = wire.SetWriteDeadline(time.Now().Add(30 * time.Second))
		}
		line, err := names.line(e)
		if err != nil {
			return err
		}
		return out.Write(line)
	})
	out.Flush()
	if err == nil {
		err = out.Error()
	}
	if err != nil {
		d.log.WarnContext(r.Context(), "audit export broken off", "error", err, "entries", count)
		panic(http.ErrAbortHandler) // what was sent must not look whole
	}
}

// line is an entry for the file.
func (n *names) line(e storage.AuditEntry) ([]string, error) {
	row, err := n.row(e)
	if err != nil {
		return nil, err
	}
	line := []string{e.ID, e.Time.UTC().Format("2006-01-02T15:04:05.000Z"), string(e.Actor.Kind), e.Actor.ID, row.Who.Name,
		e.Action, e.Target, row.Target.Name, e.Result, e.Detail, e.Actor.Address}
	for i, cell := range line {
		line[i] = tame(cell)
	}
	return line, nil
}

// tame keeps spreadsheets from taking a text for a formula and running it: at the beginning of a cell, and
// where one that splits at semicolons or tabs (as in Russian settings) would see another begin.
func tame(cell string) string {
	var b strings.Builder
	begins := true
	for _, r := range cell {
		if begins && strings.ContainsRune("=+-@\t\r\n＝＋－＠", r) {
			b.WriteByte('\'')
		}
		begins = strings.ContainsRune(";\t\r\n", r) || begins && r == ' '
		b.WriteRune(r)
	}
	return b.String()
}
