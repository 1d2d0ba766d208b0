//! The gap ledger: ranges that touch each other and end where the cursor stands.

pub(super) const ROWS: &[&str] = &[
    "SELECT 'chain ' || network, NULL, 'blocks ' || (before + 1) || ' to ' || (first - 1) || ' were never scanned' FROM
       (SELECT network, first, lag(last) OVER (PARTITION BY environment, network ORDER BY first) AS before
        FROM scanned_ranges) WHERE before IS NOT NULL AND first > before + 1",
    "SELECT 'chain ' || network, NULL, 'blocks from ' || first || ' stand in two ranges' FROM
       (SELECT network, first, lag(last) OVER (PARTITION BY environment, network ORDER BY first) AS before
        FROM scanned_ranges) WHERE before IS NOT NULL AND first <= before",
    "SELECT 'chain ' || network, NULL, 'a range ends at ' || last || ', before it begins at ' || first FROM scanned_ranges
     WHERE last < first",
    "SELECT 'chain ' || c.network, NULL, 'its cursor stands at ' || c.height || ' ' || c.hash || ' and its ranges end at '
            || r.last || ' ' || r.end_hash
     FROM chains c JOIN scanned_ranges r ON r.environment = c.environment AND r.network = c.network
     WHERE r.first = (SELECT max(first) FROM scanned_ranges m WHERE m.environment = c.environment AND m.network = c.network)
       AND (r.last != c.height OR r.end_hash != c.hash)",
    "SELECT 'chain ' || network, NULL, 'its tip ' || tip || ' is below its cursor ' || height FROM chains WHERE tip < height",
    "SELECT 'chain ' || r.network, NULL, 'it was scanned and has no cursor' FROM scanned_ranges r LEFT JOIN chains c
       ON c.environment = r.environment AND c.network = r.network WHERE c.network IS NULL GROUP BY r.environment, r.network",
];
