-- Which invoice a dialect's callback tells of: one that a later one has overtaken says what is not so any more.
ALTER TABLE deliveries ADD COLUMN invoice BLOB;
CREATE INDEX deliveries_by_invoice ON deliveries (invoice) WHERE invoice IS NOT NULL AND stage = 0;
