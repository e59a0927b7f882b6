// The whole life of a login, seen by openid-client: it prints one JSON line per step and ends with exit 1 at
// the first step that does not go as the specifications want. Settings come from the environment:
// ISSUER, CLIENT, SECRET, PUBLIC_CLIENT, DEVICE_CLIENT (public), USERNAME, PASSWORD, REDIRECT_URI.

import assert from 'node:assert/strict'
import * as oidc from 'openid-client'
import { Person } from './person.mjs'

const { ISSUER, CLIENT, SECRET, PUBLIC_CLIENT, DEVICE_CLIENT, USERNAME, PASSWORD, REDIRECT_URI } = process.env
const scope = 'openid profile email extern.api offline_access'

async function step(name, run) {
  try {
    const detail = await run()
    console.log(JSON.stringify({ step: name, ok: true, ...detail }))
    return detail
  } catch (error) {
    const { message, code, error: oauth, error_description, status, cause, stack } = error
    const facts = { message, code, oauth, error_description, status, cause: String(cause?.message ?? cause ?? '') }
    console.log(JSON.stringify({ step: name, ok: false, ...facts, stack }))
    process.exit(1)
  }
}

const refused = (error, code, status) => {
  assert.equal(error.error, code, error.stack)
  if (status) assert.equal(error.status, status)
  return true
}

// login walks an authorization request to its end and redeems the code. checks.pages are the pages that the
// person has to be shown, no more and no fewer.
async function login(config, person, parameters, pages) {
  const verifier = oidc.randomPKCECodeVerifier()
  const expected = { nonce: oidc.randomNonce(), state: oidc.randomState() }
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT_URI,
    scope,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...expected,
    ...parameters,
  })
  const callback = await person.walk(url)
  assert.deepEqual(person.pages, pages, 'pages shown')
  const tokens = await oidc.authorizationCodeGrant(config, callback, {
    pkceCodeVerifier: verifier,
    expectedNonce: expected.nonce,
    expectedState: expected.state,
    idTokenExpected: true,
    ...(parameters.max_age ? { maxAge: Number(parameters.max_age) } : {}),
  })
  return { tokens, claims: tokens.claims(), callback }
}

const options = { execute: [oidc.allowInsecureRequests] }
const person = new Person(ISSUER, USERNAME, PASSWORD)
let config, first

await step('discovery', async () => {
  config = await oidc.discovery(new URL(ISSUER), CLIENT, undefined, oidc.ClientSecretBasic(SECRET), options)
  const metadata = config.serverMetadata()
  assert.equal(metadata.issuer, ISSUER)
  assert.ok(metadata.supportsPKCE(), 'S256 is announced')
  assert.equal(metadata.authorization_response_iss_parameter_supported, true)
  return { issuer: metadata.issuer }
})

await step('code flow: sign-in, consent, id_token', async () => {
  first = await login(config, person, {}, ['sign-in', 'consent'])
  const { tokens, claims, callback } = first
  assert.equal(callback.searchParams.get('iss'), ISSUER)
  assert.equal(tokens.token_type, 'bearer')
  assert.equal(tokens.expires_in, 3600)
  assert.equal(claims.iss, ISSUER)
  assert.equal(claims.acr, '1')
  assert.equal(typeof claims.sid, 'string')
  assert.equal(typeof claims.auth_time, 'number')
  assert.ok(tokens.refresh_token, 'refresh token')
  return { sub: claims.sub }
})

await step('userinfo', async () => {
  const info = await oidc.fetchUserInfo(config, first.tokens.access_token, first.claims.sub)
  assert.equal(typeof info.email, 'string')
  assert.equal(typeof info.email_verified, 'boolean')
  assert.equal(typeof info.name, 'string')
  return { claims: Object.keys(info) }
})

await step('signed in already: no page', async () => {
  const again = await login(config, person, {}, [])
  assert.equal(again.claims.sub, first.claims.sub)
  assert.equal(again.claims.sid, first.claims.sid)
  assert.equal(again.claims.auth_time, first.claims.auth_time)
})

await step('prompt=none with a session', async () => {
  const silent = await login(config, person, { prompt: 'none', id_token_hint: first.tokens.id_token }, [])
  assert.equal(silent.claims.sub, first.claims.sub)
})

await step('prompt=login asks again', async () => {
  const again = await login(config, person, { prompt: 'login', max_age: '60' }, ['sign-in'])
  assert.equal(again.claims.sub, first.claims.sub)
})

await step('response_mode=form_post, client_secret_post', async () => {
  const post = await oidc.discovery(new URL(ISSUER), CLIENT, undefined, oidc.ClientSecretPost(SECRET), options)
  const { callback } = await login(post, person, { response_mode: 'form_post' }, [])
  assert.equal(callback.method, 'POST')
})

await step('a code is good once', async () => {
  const verifier = oidc.randomPKCECodeVerifier()
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT_URI,
    scope,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  })
  const callback = await person.walk(url)
  const redeem = () => oidc.authorizationCodeGrant(config, callback, { pkceCodeVerifier: verifier })
  const tokens = await redeem()
  await assert.rejects(redeem, (e) => refused(e, 'invalid_grant', 400))
  const state = await oidc.tokenIntrospection(config, tokens.access_token)
  assert.equal(state.active, false, 'the first answer is revoked by the replay')
})

await step('refresh with rotation', async () => {
  const r1 = first.tokens.refresh_token
  const second = await oidc.refreshTokenGrant(config, r1)
  assert.notEqual(second.refresh_token, r1)
  assert.equal(second.claims()?.sub ?? first.claims.sub, first.claims.sub)
  const retry = await oidc.refreshTokenGrant(config, r1)
  assert.equal(retry.refresh_token, second.refresh_token, 'a retry gets the same successor')
  const third = await oidc.refreshTokenGrant(config, second.refresh_token)
  first.tokens = { ...first.tokens, access_token: third.access_token, refresh_token: third.refresh_token }
})

await step('introspection', async () => {
  const state = await oidc.tokenIntrospection(config, first.tokens.access_token)
  assert.equal(state.active, true)
  assert.equal(state.client_id, CLIENT)
  assert.equal(state.sub, first.claims.sub)
})

await step('revocation', async () => {
  await oidc.tokenRevocation(config, first.tokens.access_token)
  const state = await oidc.tokenIntrospection(config, first.tokens.access_token)
  assert.deepEqual(state, { active: false })
  await assert.rejects(oidc.fetchUserInfo(config, first.tokens.access_token, first.claims.sub))
})

await step('reuse of a rotated refresh token ends its family', async () => {
  const { tokens } = await login(config, person, {}, [])
  const second = await oidc.refreshTokenGrant(config, tokens.refresh_token)
  const third = await oidc.refreshTokenGrant(config, second.refresh_token)
  await assert.rejects(oidc.refreshTokenGrant(config, tokens.refresh_token), (e) => refused(e, 'invalid_grant', 400))
  await assert.rejects(oidc.refreshTokenGrant(config, third.refresh_token), (e) => refused(e, 'invalid_grant', 400))
})

await step('client_credentials', async () => {
  const tokens = await oidc.clientCredentialsGrant(config, { scope: 'extern.api' })
  assert.equal(tokens.scope ?? 'extern.api', 'extern.api')
  assert.equal(tokens.refresh_token, undefined)
  assert.equal(tokens.id_token, undefined)
})

await step('wrong client secret', async () => {
  const wrong = await oidc.discovery(new URL(ISSUER), CLIENT, undefined, oidc.ClientSecretBasic('no'), options)
  // openid-client reports an answer with WWW-Authenticate by its challenge, one without by its body.
  await assert.rejects(oidc.clientCredentialsGrant(wrong, { scope: 'extern.api' }), (e) => {
    assert.equal(e.status, 401, e.stack)
    assert.ok(e.cause, 'an OAuth error or a challenge')
    return true
  })
})

await step('public client: code, refresh', async () => {
  const spa = await oidc.discovery(new URL(ISSUER), PUBLIC_CLIENT, undefined, oidc.None(), options)
  const { tokens, claims } = await login(spa, person, {}, ['consent'])
  assert.equal(claims.aud, PUBLIC_CLIENT)
  const next = await oidc.refreshTokenGrant(spa, tokens.refresh_token)
  assert.notEqual(next.refresh_token, tokens.refresh_token)
})

await step('device flow: code, confirmation, consent, tokens', async () => {
  const device = await oidc.discovery(new URL(ISSUER), DEVICE_CLIENT, undefined, oidc.None(), options)
  const codes = await oidc.initiateDeviceAuthorization(device, { scope: 'openid profile' })
  assert.equal(codes.verification_uri, `${ISSUER}/device`)
  assert.equal(codes.verification_uri_complete, `${ISSUER}/device?user_code=${codes.user_code}`)
  assert.match(codes.user_code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
  assert.equal(codes.interval, 5)
  const visitor = new Person(ISSUER, USERNAME, PASSWORD)
  await visitor.walk(codes.verification_uri_complete)
  assert.deepEqual(visitor.pages, ['device', 'confirm', 'sign-in', 'consent'])
  const tokens = await oidc.pollDeviceAuthorizationGrant(device, { ...codes, interval: 1 })
  assert.equal(tokens.claims().aud, DEVICE_CLIENT)
  assert.equal(tokens.claims().sub, first.claims.sub)
  assert.equal(tokens.scope, 'openid profile')
  const info = await oidc.fetchUserInfo(device, tokens.access_token, first.claims.sub)
  assert.equal(typeof info.name, 'string')
  await assert.rejects(oidc.pollDeviceAuthorizationGrant(device, { ...codes, interval: 1 }), (e) => refused(e, 'invalid_grant', 400))
})

await step('device flow: the person refuses', async () => {
  const codes = await oidc.initiateDeviceAuthorization(config, { scope: 'openid phone' })
  const visitor = new Person(ISSUER, USERNAME, PASSWORD)
  visitor.deny = true
  await visitor.walk(codes.verification_uri_complete)
  assert.equal(visitor.pages.at(-1), 'consent')
  await assert.rejects(oidc.pollDeviceAuthorizationGrant(config, { ...codes, interval: 1 }), (e) => refused(e, 'access_denied', 400))
})

await step('logout by the app, then prompt=none', async () => {
  const state = oidc.randomState()
  const fresh = await login(config, person, {}, [])
  const url = oidc.buildEndSessionUrl(config, {
    id_token_hint: fresh.tokens.id_token,
    post_logout_redirect_uri: REDIRECT_URI,
    state,
  })
  const back = await person.walk(url)
  assert.deepEqual(person.pages, [], 'a valid hint needs no question')
  assert.equal(back.href, `${REDIRECT_URI}?state=${state}`)
  await assert.rejects(login(config, person, { prompt: 'none' }, []), (e) => refused(e, 'login_required'))
})
