-- Permanent (static) addresses: each deposit to one makes an invoice of its own.

-- An address is bound for ever to one invoice or to one permanent address.
ALTER TABLE addresses RENAME COLUMN invoice TO holder;
ALTER TABLE addresses ADD COLUMN holder_kind INTEGER NOT NULL DEFAULT 0;   -- 0 an invoice, 1 a permanent address

CREATE TABLE static_addresses (
    id BLOB NOT NULL PRIMARY KEY,
    merchant BLOB NOT NULL,
    environment INTEGER NOT NULL,
    dialect TEXT NOT NULL,              -- the API that took it
    currency TEXT NOT NULL,
    network TEXT NOT NULL,
    decimals INTEGER NOT NULL,
    address TEXT NOT NULL,
    label TEXT,
    external_id TEXT,
    extras TEXT NOT NULL,               -- JSON object of the dialect's own
    take_key TEXT,                      -- under which the same call answers the same address
    fingerprint TEXT,                   -- of that call
    created_at INTEGER NOT NULL,
    -- What follows is computed from the invoices of its deposits; kept for reads, checked by audit.
    invoice_count INTEGER NOT NULL,
    received TEXT NOT NULL              -- final money in atomic units
) STRICT, WITHOUT ROWID;
CREATE INDEX static_addresses_by_owner ON static_addresses (merchant, environment, id);
CREATE INDEX static_addresses_by_external_id ON static_addresses (merchant, environment, external_id) WHERE external_id IS NOT NULL;
CREATE UNIQUE INDEX static_addresses_by_key ON static_addresses (merchant, environment, dialect, take_key) WHERE take_key IS NOT NULL;

-- The invoices of a permanent address's deposits, and what each adds to what the address received.
CREATE TABLE static_address_invoices (
    address BLOB NOT NULL REFERENCES static_addresses (id),
    invoice BLOB NOT NULL REFERENCES invoices (id),
    received TEXT NOT NULL,
    PRIMARY KEY (address, invoice)
) STRICT, WITHOUT ROWID;
