-- What is wrong with live addresses of ours themselves: an alarm, until a later look finds it gone.
CREATE TABLE concerns (
    network TEXT NOT NULL,
    address BLOB NOT NULL,
    what TEXT NOT NULL,                 -- code, or frozen and the token's code
    holder_kind INTEGER NOT NULL,       -- as in `addresses`
    holder BLOB NOT NULL,
    shown TEXT NOT NULL,                -- the address as people read it
    found_at INTEGER NOT NULL,
    PRIMARY KEY (network, address, what)
) STRICT, WITHOUT ROWID;
