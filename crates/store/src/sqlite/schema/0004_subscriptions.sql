-- The number of the owner's last event when an endpoint began to listen to what it listens to now: what comes after has a
-- delivery. Unknown of endpoints from before.
ALTER TABLE endpoints ADD COLUMN listens_after INTEGER;
