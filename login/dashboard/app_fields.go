package dashboard

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// placed moves a mistake whose field is none of the form's to the field fallback of it: what stands on
// another page can be wrong because of what was chosen here, and must be told here.
func placed(wrong page.Mistake, fallback string, fields ...string) page.Mistake {
	if wrong.Field != fallback && !slices.Contains(fields, wrong.Field) {
		wrong.Field = fallback
	}
	return wrong
}

// text reads a field into a value, blanks around it left out. A form that has no such field changes nothing.
func text(form url.Values, name string, into *string) {
	if form.Has(name) {
		*into = strings.TrimSpace(form.Get(name))
	}
}

// many reads a field with one value per line.
func many(form url.Values, name string, into *[]string) {
	if form.Has(name) {
		*into = lines(form.Get(name))
		if len(*into) == 0 {
			*into = nil
		}
	}
}

// noNumber is what a field holds that is no number: storage refuses it.
const noNumber = -1

// number reads whole seconds; false where the field is not there. Empty is 0, and so is told by empty.
func number(form url.Values, name string) (seconds int64, empty, there bool) {
	value := strings.TrimSpace(form.Get(name))
	if !form.Has(name) || value == "" {
		return 0, true, form.Has(name)
	}
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err != nil || seconds < 0 {
		seconds = noNumber
	}
	return seconds, false, true
}

// oneOf is a list of values with the chosen one marked; first is the text of the empty value.
func oneOf(name, first, chosen string, values []string, wrong page.Mistake) page.Choice {
	list := page.Choice{Name: name, Wrong: wrong, Options: []page.Box{{Key: first, Checked: chosen == ""}}}
	for _, value := range values {
		list.Options = append(list.Options, page.Box{Value: value, Checked: value == chosen})
	}
	return list
}

// link is the field of an address.
func link(name, value string, wrong page.Mistake) page.Field {
	return page.Field{Name: name, Value: value, Kind: "url", Hold: "https://", Wrong: wrong}
}

// begin is the address that begins a sign-in at the app (OpenID Connect Core §4), "" where it has none. An
// app whose sign-in is off has none: nobody would get anywhere.
func (d *Dashboard) begin(app *storage.App) string {
	u, err := url.Parse(app.Registration.InitiateLoginURI)
	if err != nil || u.Scheme != "https" || !app.Enabled {
		return ""
	}
	query := u.Query()
	query.Set("iss", d.config.Issuer)
	u.RawQuery = query.Encode()
	return u.String()
}
