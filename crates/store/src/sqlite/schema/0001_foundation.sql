-- Ids are 16-byte blobs (UUIDv7), moments are milliseconds since the epoch (UTC), environments are 0 (live) and 1 (test).
-- Amounts stand as decimal text inside JSON: arithmetic on money happens in Rust only.

CREATE TABLE merchants (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE api_keys (
    id BLOB NOT NULL PRIMARY KEY,
    merchant BLOB NOT NULL REFERENCES merchants (id),
    environment INTEGER NOT NULL,
    hash BLOB NOT NULL UNIQUE,          -- SHA-256 of the key; the key itself is kept nowhere
    permissions TEXT NOT NULL,          -- JSON list
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;

-- Policies as they were when an invoice was made, each kept once.
CREATE TABLE policies (
    number INTEGER NOT NULL PRIMARY KEY,
    body TEXT NOT NULL UNIQUE
) STRICT;

-- With row numbers, as all tables whose rows take hundreds of bytes: a page of another table's tree holds four of them, and the
-- tree gets as deep as that makes it.
CREATE TABLE invoices (
    id BLOB NOT NULL PRIMARY KEY,
    merchant BLOB NOT NULL,
    environment INTEGER NOT NULL,
    source TEXT NOT NULL,
    policy INTEGER NOT NULL REFERENCES policies (number),
    token TEXT NOT NULL,                -- begins with the id's own time, by which it is found
    terms TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    draft_deadline INTEGER,
    deadline INTEGER,
    activated_at INTEGER,
    activation_count INTEGER NOT NULL,
    cancellation TEXT,
    marked_invalid_at INTEGER,
    scanned_through INTEGER,
    paid_once_at INTEGER,
    quotes TEXT NOT NULL,
    -- What follows is computed from the above and from the payments; kept for queries, checked by audit.
    standing TEXT NOT NULL,
    status TEXT NOT NULL,
    currency TEXT,
    external_id TEXT,
    due_at INTEGER,                     -- the standing's next change by itself
    retry_at INTEGER                    -- when to look again at an invoice that is due but waits for a scan
) STRICT;
CREATE INDEX invoices_by_owner ON invoices (merchant, environment, id);
CREATE INDEX invoices_by_external_id ON invoices (merchant, environment, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX invoices_due ON invoices (environment, due_at) WHERE due_at IS NOT NULL;

CREATE TABLE idempotency_keys (
    merchant BLOB NOT NULL,
    environment INTEGER NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    invoice BLOB NOT NULL REFERENCES invoices (id),
    PRIMARY KEY (merchant, environment, key)
) STRICT, WITHOUT ROWID;

-- The next unused index of each account key, shared by all networks that share the key.
CREATE TABLE accounts (
    environment INTEGER NOT NULL,
    key BLOB NOT NULL,
    next_index INTEGER NOT NULL,
    PRIMARY KEY (environment, key)
) STRICT, WITHOUT ROWID;

-- Every address ever handed out, bound to its invoice for ever. An index of an account is one address, so that its bytes being
-- bound once says the same of the index.
CREATE TABLE addresses (
    environment INTEGER NOT NULL,
    family TEXT NOT NULL,
    bytes BLOB NOT NULL,
    account BLOB NOT NULL,
    position INTEGER NOT NULL,          -- the index in the account
    invoice BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (environment, family, bytes)
) STRICT, WITHOUT ROWID;

CREATE TABLE payments (
    environment INTEGER NOT NULL,
    network TEXT NOT NULL,
    hash TEXT NOT NULL,
    position TEXT NOT NULL,
    invoice BLOB NOT NULL REFERENCES invoices (id),
    ordinal INTEGER NOT NULL,           -- the order of recording on its invoice
    stage INTEGER NOT NULL,             -- 0 in the mempool, 1 in a block, 2 final, 3 gone
    height INTEGER,                     -- of its block
    body TEXT NOT NULL,
    PRIMARY KEY (environment, network, hash, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX payments_by_invoice ON payments (invoice, ordinal);
CREATE INDEX payments_by_stage ON payments (environment, network, stage, height);

-- The last event number of each owner; numbers have no gaps.
CREATE TABLE event_counters (
    merchant BLOB NOT NULL,
    environment INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (merchant, environment)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    merchant BLOB NOT NULL,
    environment INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    id BLOB NOT NULL,
    kind TEXT NOT NULL,
    invoice BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    body BLOB NOT NULL,                 -- the bytes that every attempt sends
    PRIMARY KEY (merchant, environment, sequence)
) STRICT;

CREATE TABLE endpoints (
    id BLOB NOT NULL PRIMARY KEY,
    merchant BLOB NOT NULL,
    environment INTEGER NOT NULL,
    url TEXT NOT NULL,
    events TEXT NOT NULL,               -- JSON list of event names
    secrets TEXT NOT NULL,              -- JSON list of sealed secrets with their ends, newest first
    created_at INTEGER NOT NULL,
    deleted_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX endpoints_by_owner ON endpoints (merchant, environment, id);

CREATE TABLE deliveries (
    id BLOB NOT NULL,
    endpoint BLOB NOT NULL REFERENCES endpoints (id),
    merchant BLOB NOT NULL,
    environment INTEGER NOT NULL,
    sequence INTEGER,                   -- of its event; null for a test event, which has a body of its own
    event BLOB NOT NULL,
    kind TEXT NOT NULL,
    body BLOB,
    created_at INTEGER NOT NULL,
    stage INTEGER NOT NULL,             -- 0 waiting, 1 delivered, 2 given up
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL,            -- the next attempt
    PRIMARY KEY (id)
) STRICT;
-- An endpoint's pages of an index are its own: with only one such page for each, an event costs little more for many endpoints.
CREATE INDEX deliveries_waiting ON deliveries (endpoint, due_at) WHERE stage = 0;
CREATE INDEX deliveries_ended ON deliveries (endpoint, id) WHERE stage <> 0;

CREATE TABLE attempts (
    delivery BLOB NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    status INTEGER,                     -- of the HTTP answer; null when there was none
    latency_ms INTEGER NOT NULL,
    error TEXT,
    answer TEXT NOT NULL,               -- its first bytes
    PRIMARY KEY (delivery, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE chains (
    environment INTEGER NOT NULL,
    network TEXT NOT NULL,
    identity TEXT NOT NULL,             -- chain id and genesis hash, as first contact showed them
    height INTEGER NOT NULL,            -- of the last applied block
    hash TEXT NOT NULL,
    tip INTEGER NOT NULL,               -- the highest tip read so far on the current branch
    final_height INTEGER,               -- the highest final block; only growing
    scanned_through INTEGER NOT NULL,   -- when the last tip was read up to which all is applied
    alarm TEXT,                         -- why new credits wait for the operator
    PRIMARY KEY (environment, network)
) STRICT, WITHOUT ROWID;

-- The gap ledger: which blocks were scanned, by whom, and in which block the range ended.
CREATE TABLE scanned_ranges (
    environment INTEGER NOT NULL,
    network TEXT NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    end_hash TEXT NOT NULL,
    provider TEXT NOT NULL,
    scanned_at INTEGER NOT NULL,
    PRIMARY KEY (environment, network, first)
) STRICT, WITHOUT ROWID;

CREATE TABLE simulated_blocks (
    network TEXT NOT NULL,
    height INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (network, height)
) STRICT, WITHOUT ROWID;

CREATE TABLE simulated_mempools (
    network TEXT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
