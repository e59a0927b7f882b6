-- Apps that asked for logout notices are remembered with each session that gave them tokens, for as long as
-- the session's row; what they are to be told is an outbox, written by the transaction that ends the session.

-- +goose Up
CREATE TABLE session_apps (
  session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  app_id     TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
  PRIMARY KEY (session_id, app_id)
);
CREATE INDEX session_apps_app ON session_apps (app_id, session_id);

-- state: waiting, failed (kept for the app's developers), or spread: one notice for each session of the
-- app after session_id is still to be made.
CREATE TABLE logout_notices (
  id         TEXT   NOT NULL PRIMARY KEY CHECK (length(id) = 26),
  app_id     TEXT   NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
  user_id    TEXT   NOT NULL,
  session_id TEXT   NOT NULL,
  created_at BIGINT NOT NULL,
  next_at    BIGINT NOT NULL,
  attempts   BIGINT NOT NULL DEFAULT 0,
  state      TEXT   NOT NULL CHECK (state IN ('waiting', 'failed', 'spread')),
  last_error TEXT   NOT NULL DEFAULT ''
);
CREATE INDEX logout_notices_next ON logout_notices (state, next_at);
CREATE INDEX logout_notices_app ON logout_notices (app_id, state);
