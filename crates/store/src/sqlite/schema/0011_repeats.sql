-- How often a delivery was asked for again: an attempt that was under way then is not the one that was asked for. Times cannot tell,
-- which may be the same.
ALTER TABLE deliveries ADD COLUMN repeats INTEGER NOT NULL DEFAULT 0;
