package page

// Reason says in the language lang ("en" or "ru") why storage refused a value: the reason of its Invalid
// and the offending text. A reason without words of its own is returned as it is.
func (p *Renderer) Reason(lang, reason, value string) string {
	l := p.langs[lang]
	if l == nil {
		return reason
	}
	said, err := l.text.say("reason."+reason, map[string]string{"value": plain(value)})
	if err != nil {
		return reason
	}
	return said
}
