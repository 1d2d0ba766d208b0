-- Credentials of the APIs that are served beside the native one, and the names that those give to things.

CREATE TABLE dialect_credentials (
    id BLOB NOT NULL PRIMARY KEY,
    merchant BLOB NOT NULL REFERENCES merchants (id),
    environment INTEGER NOT NULL,
    dialect TEXT NOT NULL,
    hash BLOB NOT NULL,                 -- SHA-256 of the key that requests carry
    public_key TEXT,                    -- that key, where it is public and callbacks carry it too
    secret TEXT NOT NULL,               -- sealed, in hex: what signs
    callback_url TEXT,                  -- where callbacks go that an invoice names no other address for
    created_at INTEGER NOT NULL,
    revoked_at INTEGER,
    UNIQUE (dialect, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX dialect_credentials_by_merchant ON dialect_credentials (merchant, id);

-- The last number that a dialect gave to anything of an owner's. One merchant's numbers tell nothing of another's.
CREATE TABLE dialect_counters (
    merchant BLOB NOT NULL,
    environment INTEGER NOT NULL,
    dialect TEXT NOT NULL,
    last INTEGER NOT NULL CHECK (last < 2147483648),  -- clients keep numbers in 32 bits with a sign
    PRIMARY KEY (merchant, environment, dialect)
) STRICT, WITHOUT ROWID;

CREATE TABLE dialect_names (
    merchant BLOB NOT NULL,
    environment INTEGER NOT NULL,
    kind TEXT NOT NULL,                 -- invoice, reference, address, transaction
    name TEXT NOT NULL,                 -- what the dialect calls it
    dialect TEXT NOT NULL,
    thing TEXT NOT NULL,                -- what it is
    PRIMARY KEY (merchant, environment, kind, name, dialect)
) STRICT, WITHOUT ROWID;
-- What is numbered when it is first shown has one number. An invoice is named once, when it is created.
CREATE UNIQUE INDEX dialect_names_of_numbered ON dialect_names (merchant, environment, dialect, kind, thing)
    WHERE kind IN ('address', 'transaction');

-- A dialect's endpoint is one host that a credential's callbacks go to, so that each host has a lane of its own.
ALTER TABLE endpoints ADD COLUMN dialect TEXT NOT NULL DEFAULT 'native';
ALTER TABLE endpoints ADD COLUMN credential BLOB;
CREATE UNIQUE INDEX endpoints_by_credential ON endpoints (credential, url) WHERE credential IS NOT NULL;

-- Where a delivery goes whose address is its own and not its endpoint's.
ALTER TABLE deliveries ADD COLUMN url TEXT;
