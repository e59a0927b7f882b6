// A person with a browser that has cookies and HTML forms but no script: what the pages promise to work with.

const entities = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function unescape(text) {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (all, hex, dec, name) =>
    hex ? String.fromCodePoint(parseInt(hex, 16)) : dec ? String.fromCodePoint(Number(dec)) : (entities[name] ?? all),
  )
}

function attributes(tag) {
  const found = {}
  for (const [, name, , quoted, bare] of tag.matchAll(/([\w-]+)(\s*=\s*(?:"([^"]*)"|([^\s">]+)))?/g)) {
    found[name.toLowerCase()] = unescape(quoted ?? bare ?? '')
  }
  return found
}

// forms returns every form of a page: where it goes, its fields with their values, its buttons.
export function forms(html, base) {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)].map(([, open, inner]) => {
    const form = attributes(open)
    const controls = [...inner.matchAll(/<(input|button)\b([^>]*)>/gi)].map(([, kind, rest]) => ({
      kind: kind.toLowerCase(),
      ...attributes(rest),
    }))
    return {
      action: new URL(form.action || base, base),
      method: (form.method || 'get').toUpperCase(),
      inputs: controls.filter((c) => c.kind === 'input' && c.name),
      buttons: controls.filter((c) => c.kind === 'button'),
    }
  })
}

// values are what a browser would send of a form: hidden and text fields, and the boxes that are ticked.
function values(form, tick) {
  const sent = new URLSearchParams()
  for (const input of form.inputs) {
    if (input.type === 'checkbox' && !('checked' in input) && !tick) continue
    sent.append(input.name, input.value ?? (input.type === 'checkbox' ? 'on' : ''))
  }
  return sent
}

export class Person {
  #cookies = new Map()

  constructor(issuer, username, password) {
    Object.assign(this, { issuer: new URL(issuer), username, password, pages: [] })
  }

  // fetch sends one request to the provider, with the cookies it has set, and follows nothing.
  async fetch(url, init = {}) {
    const headers = new Headers(init.headers)
    if (this.#cookies.size) headers.set('cookie', [...this.#cookies].map(([k, v]) => `${k}=${v}`).join('; '))
    if (init.body) headers.set('origin', this.issuer.origin)
    const response = await fetch(url, { ...init, headers, redirect: 'manual' })
    for (const line of setCookies(response.headers)) {
      const [pair, ...rest] = line.split(';')
      const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]
      const gone = rest.some((r) => /^\s*max-age=(0|-\d+)$/i.test(r))
      if (gone || value === '') this.#cookies.delete(name)
      else this.#cookies.set(name, value)
    }
    return response
  }

  // walk goes where a URL leads, signing in and allowing on the way, until the answer leaves the provider.
  // It returns the URL or, for response_mode form_post, the Request that the app receives; for a device the URL
  // of the page that says what was decided. The names of the pages shown on the way are left in this.pages.
  async walk(url) {
    this.pages = []
    let response = await this.fetch(url)
    let at = new URL(url)
    for (let hop = 0; hop < 12; hop++) {
      const location = response.headers.get('location')
      if (response.status >= 300 && response.status < 400 && location) {
        at = new URL(location, at)
        if (at.origin !== this.issuer.origin) return at
        response = await this.fetch(at)
        continue
      }
      const html = await response.text()
      if (!response.ok) throw new Error(`${response.status} at ${at.pathname}: ${html.slice(0, 2000)}`)
      if (at.pathname === '/device' && at.searchParams.has('done')) return at
      const next = this.#answer(forms(html, at), at)
      if (next instanceof Request) return next
      at = next.action
      response = await this.fetch(at, { method: 'POST', body: next.body })
    }
    throw new Error(`no end after 12 hops, last at ${at}`)
  }

  #answer(found, at) {
    const away = found.find((f) => f.action.origin !== this.issuer.origin)
    if (away) return new Request(away.action, { method: 'POST', body: values(away) })
    const device = found.find((f) => f.buttons.some((b) => b.id === 'device-submit'))
    if (device) {
      this.pages.push(device.inputs.some((i) => i.name === 'user_code') ? 'device' : 'confirm')
      return { action: device.action, body: values(device) }
    }
    const signIn = found.find((f) => f.inputs.some((i) => i.name === 'username'))
    if (signIn) {
      this.pages.push('sign-in')
      const body = values(signIn)
      body.set('username', this.username)
      body.set('password', this.password)
      return { action: signIn.action, body }
    }
    const consent = found.find((f) => f.buttons.some((b) => b.id === 'consent-allow'))
    if (consent) {
      this.pages.push('consent')
      const body = values(consent, true)
      const pressed = consent.buttons.find((b) => b.id === (this.deny ? 'consent-deny' : 'consent-allow'))
      body.append(pressed.name, pressed.value)
      return { action: consent.action, body }
    }
    const logout = found.find((f) => f.buttons.some((b) => b.id === 'logout-yes'))
    if (logout) {
      this.pages.push('logout')
      const body = values(logout)
      const yes = logout.buttons.find((b) => b.id === 'logout-yes')
      if (yes.name) body.append(yes.name, yes.value)
      return { action: logout.action, body }
    }
    throw new Error(`no form to go on with at ${at}`)
  }
}

// The Set-Cookie headers of an answer. Debian's Node.js joins them and has no getSetCookie; a comma begins
// another cookie only where a name and an equals sign follow, which they never do inside Expires.
function setCookies(headers) {
  if (headers.getSetCookie) return headers.getSetCookie()
  const joined = headers.get('set-cookie')
  return joined ? joined.split(/, (?=[^;,=\s]+=)/) : []
}
