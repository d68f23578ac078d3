-- Feeds that a hub delivers (W3C WebSub), and what becomes of the subscriptions.

-- The hub that a feed's last document named (JSON, `model::HubLink`); until when a reliable hub delivers what it prints.
ALTER TABLE feeds ADD COLUMN hub TEXT;
ALTER TABLE feeds ADD COLUMN pushed_until INTEGER;
CREATE INDEX feeds_hub ON feeds (id) WHERE hub IS NOT NULL;

-- One row for each feed that ever named a hub. A row outlives the subscription: `asked_at` bounds what a feed can make us ask.
CREATE TABLE subscriptions (
    feed_id       INTEGER PRIMARY KEY REFERENCES feeds (id),
    hub           TEXT    NOT NULL,
    topic         TEXT    NOT NULL,
    base          TEXT,             -- base || token: the address that the hub calls; NULL before the first request
    token         TEXT    UNIQUE,
    secret        TEXT,             -- signs the deliveries
    state         TEXT    NOT NULL CHECK (state IN ('named', 'asked', 'live', 'refused')),
    asked_at      INTEGER,
    pending_until INTEGER,          -- a request waits for its verification until then
    lease_until   INTEGER,
    due_at        INTEGER,          -- when the hub is asked (again); NULL while the subscription is not wanted
    tries         INTEGER NOT NULL DEFAULT 0, -- requests since the last verification
    delivered_at  INTEGER,
    deliveries    INTEGER NOT NULL DEFAULT 0,
    ignored       INTEGER NOT NULL DEFAULT 0,
    streak        INTEGER NOT NULL DEFAULT 0, -- deliveries since a poll found what was not delivered
    misses        INTEGER NOT NULL DEFAULT 0, -- polls that did
    detail        TEXT,
    CHECK ((base IS NULL) = (token IS NULL) AND (token IS NULL) = (secret IS NULL)),
    CHECK (state <> 'live' OR token IS NOT NULL AND lease_until IS NOT NULL)
) STRICT;
CREATE INDEX subscriptions_due ON subscriptions (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX subscriptions_lease ON subscriptions (lease_until) WHERE state = 'live';

-- Subscriptions to be taken back, until the hub has verified it or was asked often enough.
CREATE TABLE unsubscriptions (
    token         TEXT    PRIMARY KEY,
    feed_id       INTEGER NOT NULL REFERENCES feeds (id),
    hub           TEXT    NOT NULL,
    topic         TEXT    NOT NULL,
    base          TEXT    NOT NULL,
    due_at        INTEGER NOT NULL,
    tries         INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX unsubscriptions_due ON unsubscriptions (due_at);
