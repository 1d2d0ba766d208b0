-- Checksums of what money hangs on: the database's pages have none, and nothing else tells a digit that a disk changed.
-- `checksum` is the store's own function; which columns it takes stands in checksums.rs.
ALTER TABLE invoices ADD COLUMN checksum INTEGER;
ALTER TABLE payments ADD COLUMN checksum INTEGER;
ALTER TABLE events ADD COLUMN checksum INTEGER;
ALTER TABLE deliveries ADD COLUMN checksum INTEGER;     -- only of one with a body of its own

UPDATE invoices SET checksum = checksum(id, merchant, environment, source, token, terms, created_at, draft_deadline, deadline,
    activated_at, activation_count, cancellation, marked_invalid_at, scanned_through, paid_once_at, quotes, standing,
    (SELECT p.body FROM policies p WHERE p.number = invoices.policy));
UPDATE payments SET checksum = checksum(environment, network, hash, position, invoice, body);
UPDATE events SET checksum = checksum(merchant, environment, sequence, id, kind, invoice, created_at, body);
UPDATE deliveries SET checksum = checksum(id, endpoint, event, kind, body, url) WHERE body IS NOT NULL;
