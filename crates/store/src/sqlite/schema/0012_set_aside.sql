-- What chains showed of money to addresses of ours that could not be recorded when it was seen, since what it belongs to is not as it
-- was written: it waits here, in the order in which it was seen, until it can.
CREATE TABLE set_aside (
    number INTEGER NOT NULL PRIMARY KEY,
    environment INTEGER NOT NULL,
    network TEXT NOT NULL,
    hash TEXT NOT NULL,
    position TEXT NOT NULL,
    invoice BLOB,                       -- whose it is, as far as that could be told
    address BLOB,                       -- where it went, by which that can be told later; null where it was recorded before
    body TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    checksum INTEGER NOT NULL
) STRICT;
CREATE INDEX set_aside_by_payment ON set_aside (environment, network, hash, position, number);
CREATE INDEX set_aside_by_address ON set_aside (environment, address) WHERE address IS NOT NULL;
CREATE INDEX set_aside_by_invoice ON set_aside (invoice) WHERE invoice IS NOT NULL;
