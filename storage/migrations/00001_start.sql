-- The first schema. One text for SQLite and PostgreSQL: TEXT, BIGINT and BOOLEAN only; lists and maps
-- are JSON in TEXT; times are unix milliseconds and 0 means never; every secret is a keyed hash of
-- 43 characters or sealed text.

-- +goose Up
CREATE TABLE instance (
  id         TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 26),
  issuer     TEXT    NOT NULL,
  dev        BOOLEAN NOT NULL,
  created_at BIGINT  NOT NULL,
  proof      TEXT    NOT NULL CHECK (length(proof) = 43)
);

-- Keys that seal, derive and hash, each sealed under the master key.
CREATE TABLE secrets (
  id         TEXT   NOT NULL PRIMARY KEY CHECK (length(id) = 11),
  purpose    TEXT   NOT NULL CHECK (purpose IN ('seal', 'derive', 'hash', 'pairwise')),
  sealed     TEXT   NOT NULL CHECK (length(sealed) >= 90),
  created_at BIGINT NOT NULL
);

CREATE TABLE signing_keys (
  id         TEXT   NOT NULL PRIMARY KEY,
  alg        TEXT   NOT NULL CHECK (alg IN ('RS256', 'PS256', 'ES256', 'EdDSA')),
  sealed     TEXT   NOT NULL CHECK (length(sealed) >= 90),
  created_at BIGINT NOT NULL,
  active_at  BIGINT NOT NULL,
  retired_at BIGINT NOT NULL DEFAULT 0,
  remove_at  BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE users (
  id             TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 26),
  login          TEXT    NOT NULL,
  login_key      TEXT    NOT NULL UNIQUE CHECK (length(login_key) > 0),
  name           TEXT    NOT NULL,
  name_key       TEXT    NOT NULL,
  email          TEXT    NOT NULL,
  email_key      TEXT    UNIQUE,
  email_verified BOOLEAN NOT NULL,
  access         TEXT    NOT NULL CHECK (access IN ('full', 'partial')),
  password_hash  TEXT    NOT NULL,
  password_at    BIGINT  NOT NULL,
  claims         TEXT    NOT NULL,
  disabled_at    BIGINT  NOT NULL DEFAULT 0,
  created_at     BIGINT  NOT NULL,
  updated_at     BIGINT  NOT NULL
);

CREATE TABLE apps (
  id                  TEXT    NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 128),
  name                TEXT    NOT NULL,
  name_key            TEXT    NOT NULL,
  names               TEXT    NOT NULL,
  description         TEXT    NOT NULL,
  type                TEXT    NOT NULL CHECK (type IN ('web', 'browser', 'native', 'service')),
  owner_id            TEXT    REFERENCES users (id),
  enabled             BOOLEAN NOT NULL,
  trusted             BOOLEAN NOT NULL,
  without_pkce        BOOLEAN NOT NULL,
  any_loopback        BOOLEAN NOT NULL,
  insecure_redirect   BOOLEAN NOT NULL,
  redirect_uris       TEXT    NOT NULL,
  post_logout_uris    TEXT    NOT NULL,
  grant_types         TEXT    NOT NULL,
  auth_methods        TEXT    NOT NULL,
  id_token_alg        TEXT    NOT NULL,
  id_token_claims     BOOLEAN NOT NULL,
  access_token_format TEXT    NOT NULL CHECK (access_token_format IN ('opaque', 'jwt')),
  access_token_ttl    BIGINT  NOT NULL CHECK (access_token_ttl BETWEEN 60000 AND 86400000),
  policy_uri          TEXT    NOT NULL,
  tos_uri             TEXT    NOT NULL,
  created_at          BIGINT  NOT NULL,
  updated_at          BIGINT  NOT NULL
);
CREATE INDEX apps_name ON apps (name_key, id);

CREATE TABLE scopes (
  name     TEXT    NOT NULL PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 100),
  app_id   TEXT    REFERENCES apps (id),
  title    TEXT    NOT NULL,
  text     TEXT    NOT NULL,
  claims   TEXT    NOT NULL,
  audience TEXT    NOT NULL,
  builtin  BOOLEAN NOT NULL
);

CREATE TABLE app_scopes (
  app_id   TEXT    NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
  scope    TEXT    NOT NULL REFERENCES scopes (name),
  position BIGINT  NOT NULL,
  required BOOLEAN NOT NULL,
  offline  BOOLEAN NOT NULL,
  PRIMARY KEY (app_id, scope)
);

CREATE TABLE app_keys (
  id         TEXT   NOT NULL PRIMARY KEY CHECK (length(id) = 26),
  app_id     TEXT   NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
  label      TEXT   NOT NULL,
  prefix     TEXT   NOT NULL,
  hash       TEXT   NOT NULL CHECK (length(hash) = 43),
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX app_keys_app ON app_keys (app_id);

CREATE TABLE sessions (
  id          TEXT   NOT NULL PRIMARY KEY CHECK (length(id) = 26),
  user_id     TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  secret_hash TEXT   NOT NULL UNIQUE CHECK (length(secret_hash) = 43),
  auth_time   BIGINT NOT NULL,
  acr         TEXT   NOT NULL,
  amr         TEXT   NOT NULL,
  created_at  BIGINT NOT NULL,
  seen_at     BIGINT NOT NULL,
  expires_at  BIGINT NOT NULL,
  ended_at    BIGINT NOT NULL DEFAULT 0,
  address     TEXT   NOT NULL,
  user_agent  TEXT   NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expires ON sessions (expires_at);
CREATE INDEX sessions_seen ON sessions (seen_at);

-- What a person decided about one scope of one app.
CREATE TABLE consents (
  user_id    TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  app_id     TEXT    NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
  scope      TEXT    NOT NULL REFERENCES scopes (name),
  granted    BOOLEAN NOT NULL,
  until      BIGINT  NOT NULL DEFAULT 0,
  decided_at BIGINT  NOT NULL,
  PRIMARY KEY (user_id, app_id, scope)
);

-- A row is the consumption of one code; a refresh family is its grant. session_id is no foreign key,
-- because a grant with offline access outlives its session. Ending a grant lowers ends_at as well, so
-- that expiry looks at one column.
CREATE TABLE grants (
  id            TEXT    NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 16 AND 64),
  user_id       TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  app_id        TEXT    NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
  session_id    TEXT    NOT NULL,
  scopes        TEXT    NOT NULL,
  offline       BOOLEAN NOT NULL,
  auth_time     BIGINT  NOT NULL,
  acr           TEXT    NOT NULL,
  amr           TEXT    NOT NULL,
  claims        TEXT    NOT NULL,
  created_at    BIGINT  NOT NULL,
  ends_at       BIGINT  NOT NULL CHECK (ends_at > 0),
  revoked_at    BIGINT  NOT NULL DEFAULT 0,
  revoke_reason TEXT    NOT NULL DEFAULT '',
  refresh_gen   BIGINT  NOT NULL CHECK (refresh_gen >= 0),
  refresh_key   TEXT    NOT NULL,
  refreshed_at  BIGINT  NOT NULL
);
CREATE INDEX grants_user_app ON grants (user_id, app_id);
CREATE INDEX grants_ends ON grants (ends_at);

CREATE TABLE revoked_tokens (
  id         TEXT   NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
  expires_at BIGINT NOT NULL
);
CREATE INDEX revoked_tokens_expires ON revoked_tokens (expires_at);

-- Codes too long for a URL: their sealed content by the hash of the short code.
CREATE TABLE codes (
  hash       TEXT   NOT NULL PRIMARY KEY CHECK (length(hash) = 43),
  sealed     TEXT   NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX codes_expires ON codes (expires_at);

CREATE TABLE audit (
  id         TEXT   NOT NULL PRIMARY KEY CHECK (length(id) = 26),
  time       BIGINT NOT NULL,
  actor_kind TEXT   NOT NULL,
  actor_id   TEXT   NOT NULL,
  address    TEXT   NOT NULL,
  action     TEXT   NOT NULL,
  target     TEXT   NOT NULL,
  result     TEXT   NOT NULL,
  detail     TEXT   NOT NULL CHECK (length(detail) <= 500)
);
CREATE INDEX audit_target ON audit (target, id);
CREATE INDEX audit_actor ON audit (actor_id, id);
