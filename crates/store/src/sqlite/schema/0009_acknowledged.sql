-- When the operator looked at it and let the alarm end; NULL: nobody did.
ALTER TABLE concerns ADD COLUMN acknowledged_at INTEGER;
ALTER TABLE surpluses ADD COLUMN acknowledged_at INTEGER;
