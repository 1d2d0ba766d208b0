//! What a payment's row repeats of its facts, and its place among its invoice's payments.

pub(super) const ROWS: &[&str] = &[
    "SELECT 'payment ' || hash || ' ' || position, NULL, 'its facts cannot be read' FROM payments WHERE NOT json_valid(body)",
    "SELECT 'payment ' || hash || ' ' || position, NULL, 'its facts are of the transfer '
            || coalesce(json_extract(body, '$.key.network') || ' ' || json_extract(body, '$.key.transaction') || ' '
            || json_extract(body, '$.key.position'), 'of nobody')
     FROM payments WHERE json_valid(body) AND (json_extract(body, '$.key.network') IS NOT network
       OR json_extract(body, '$.key.transaction') IS NOT hash OR json_extract(body, '$.key.position') IS NOT position)",
    "SELECT 'payment ' || hash || ' ' || position, NULL, 'stage is ' || stage || ' and its facts make it ' || made FROM
       (SELECT *, CASE WHEN json_extract(body, '$.reversed_at') IS NOT NULL THEN 3
                       WHEN json_extract(body, '$.final_since') IS NOT NULL THEN 2
                       WHEN json_extract(body, '$.block') IS NOT NULL THEN 1 ELSE 0 END AS made
        FROM payments WHERE json_valid(body)) WHERE made IS NOT stage",
    "SELECT 'payment ' || hash || ' ' || position, NULL, 'height is ' || coalesce(height, 'none') || ' and its block is '
            || coalesce(json_extract(body, '$.block.height'), 'none')
     FROM payments WHERE json_valid(body) AND json_extract(body, '$.block.height') IS NOT height",
    "SELECT 'payment ' || p.hash || ' ' || p.position, NULL, 'it is recorded on an invoice that does not exist there'
     FROM payments p LEFT JOIN invoices i ON i.id = p.invoice AND i.environment = p.environment WHERE i.id IS NULL",
    "SELECT 'invoice', invoice, 'its payments are numbered ' || group_concat(ordinal, ' ') FROM payments GROUP BY invoice
     HAVING min(ordinal) != 0 OR max(ordinal) != count(*) - 1 OR count(DISTINCT ordinal) != count(*)",
    "SELECT 'payment ' || hash || ' ' || position, NULL, 'it waits to be recorded until '
            || coalesce('the invoice ' || lower(hex(max(invoice))), 'its address') || ' is as it was written; ' || count(*) || ' observations'
     FROM set_aside GROUP BY environment, network, hash, position",
];
