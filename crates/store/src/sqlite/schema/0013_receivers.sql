-- Checksums of where events and callbacks go: a disk that changes a letter of an address must not send them to somebody else. Secrets
-- are left out: what is sealed tells by itself.
ALTER TABLE endpoints ADD COLUMN checksum INTEGER;
ALTER TABLE dialect_credentials ADD COLUMN checksum INTEGER;

UPDATE endpoints SET checksum = checksum(id, merchant, environment, url, events, dialect, credential);
UPDATE dialect_credentials SET checksum = checksum(id, merchant, environment, dialect, hash, public_key, callback_url);
