-- Live money at our addresses that no recorded payment explains: an alarm, until a later look finds it explained or gone.
CREATE TABLE surpluses (
    network TEXT NOT NULL,
    address BLOB NOT NULL,
    code TEXT NOT NULL,                 -- of the asset
    holder_kind INTEGER NOT NULL,       -- as in `addresses`
    holder BLOB NOT NULL,
    shown TEXT NOT NULL,                -- the address as people read it
    balance TEXT NOT NULL,              -- in atomic units
    recorded TEXT NOT NULL,
    found_at INTEGER NOT NULL,
    PRIMARY KEY (network, address, code)
) STRICT, WITHOUT ROWID;
