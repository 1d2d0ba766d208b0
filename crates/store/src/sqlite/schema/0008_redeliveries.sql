-- Attempts that were made before a delivery was repeated by hand: what it gets then is a whole schedule of its own.
ALTER TABLE deliveries ADD COLUMN attempts_before INTEGER NOT NULL DEFAULT 0;
