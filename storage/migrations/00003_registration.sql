-- Apps get what clients register beside what propusk asked for so far; assertions are remembered until
-- they would have expired, so that each is used once; a secret with which clients sign is kept sealed.

-- +goose Up
ALTER TABLE apps ADD COLUMN registration TEXT NOT NULL DEFAULT '{}';
ALTER TABLE app_keys ADD COLUMN sealed TEXT NOT NULL DEFAULT '';

CREATE TABLE assertions (
  hash       TEXT   NOT NULL PRIMARY KEY CHECK (length(hash) = 43),
  expires_at BIGINT NOT NULL
);
CREATE INDEX assertions_expires ON assertions (expires_at);
