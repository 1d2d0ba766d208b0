//! The outbox: each delivery is of an event and to an endpoint of its owner, none is missing, and attempts add up.

pub(super) const ROWS: &[&str] = &[
    "SELECT 'delivery', d.id, 'it is of an event that does not exist' FROM deliveries d LEFT JOIN events e
       ON e.merchant = d.merchant AND e.environment = d.environment AND e.sequence = d.sequence
     WHERE d.sequence IS NOT NULL AND (e.id IS NOT d.event OR e.kind IS NOT d.kind)",
    "SELECT 'delivery', id, 'it has nothing to send' FROM deliveries WHERE sequence IS NULL AND body IS NULL",
    "SELECT 'delivery', d.id, 'it goes to an endpoint that is not its owner''s' FROM deliveries d LEFT JOIN endpoints n
       ON n.id = d.endpoint AND n.merchant = d.merchant AND n.environment = d.environment WHERE n.id IS NULL",
    "SELECT 'event ' || sequence || ' to endpoint', endpoint, 'it has ' || count(*) || ' deliveries' FROM deliveries
     WHERE sequence IS NOT NULL GROUP BY endpoint, sequence HAVING count(*) > 1",
    "SELECT 'event ' || sequence || ' to endpoint', id, 'it has no delivery' FROM
       (SELECT n.id, e.sequence FROM endpoints n JOIN events e
          ON e.merchant = n.merchant AND e.environment = n.environment AND e.sequence > n.listens_after
        WHERE n.deleted_at IS NULL AND e.kind IN
              (SELECT value FROM json_each(CASE WHEN json_valid(n.events) THEN n.events ELSE '[]' END))
        EXCEPT SELECT endpoint, sequence FROM deliveries)",
    "SELECT 'delivery', id, 'stage is ' || stage || ', which there is not' FROM deliveries WHERE stage NOT IN (0, 1, 2, 3)",
    "SELECT 'delivery', d.id, 'it counts as overtaken and no later callback of its invoice was attempted' FROM deliveries d
     LEFT JOIN (SELECT invoice, max(rowid) AS last FROM deliveries WHERE invoice IS NOT NULL AND attempts > 0 GROUP BY invoice) l
       ON l.invoice = d.invoice WHERE d.stage = 3 AND coalesce(l.last, 0) <= d.rowid",
    "SELECT 'delivery', id, 'it counts ' || attempts || ' attempts and has ' || kept FROM
       (SELECT id, attempts, (SELECT count(*) FROM attempts a WHERE a.delivery = deliveries.id) AS kept FROM deliveries)
     WHERE attempts > kept OR kept > attempts + 1",
    "SELECT 'delivery', d.id, 'it counts as delivered and no attempt was acknowledged' FROM deliveries d
     JOIN endpoints n ON n.id = d.endpoint WHERE d.stage = 1 AND NOT EXISTS
       (SELECT 1 FROM attempts a WHERE a.delivery = d.id AND a.status BETWEEN 200 AND
          CASE n.dialect WHEN 'coinspaid' THEN 200 WHEN 'payhubix' THEN 399 ELSE 299 END)",
    "SELECT 'delivery', a.delivery, 'its attempts are numbered up to ' || max(a.number) || ' and are ' || count(*)
     FROM attempts a GROUP BY a.delivery HAVING max(a.number) != count(*) OR min(a.number) != 1",
];
