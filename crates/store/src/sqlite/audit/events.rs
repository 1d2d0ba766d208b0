//! Events: numbered without gaps up to their counter, each of an invoice of its owner, and together what the invoice came to.

pub(super) const ROWS: &[&str] = &[
    "SELECT 'events of merchant', merchant, 'number ' || (before + 1) || ' is missing; ' || sequence || ' follows' FROM
       (SELECT merchant, sequence,
               lag(sequence, 1, 0) OVER (PARTITION BY merchant, environment ORDER BY sequence) AS before FROM events)
     WHERE sequence != before + 1",
    "SELECT 'events of merchant', merchant, 'the counter stands at ' || told || ' and the last event is ' || last FROM
       (SELECT merchant, environment, sum(told) AS told, sum(last) AS last FROM
          (SELECT merchant, environment, last AS told, 0 AS last FROM event_counters UNION ALL
           SELECT merchant, environment, 0, max(sequence) FROM events GROUP BY merchant, environment)
        GROUP BY merchant, environment) WHERE told != last",
    "SELECT 'event ' || e.sequence || ' of merchant', e.merchant, 'it is of an invoice that is not theirs' FROM events e
     LEFT JOIN invoices i ON i.id = e.invoice AND i.merchant = e.merchant AND i.environment = e.environment WHERE i.id IS NULL",
    "SELECT 'event ' || sequence || ' of merchant', merchant, 'its body is not that of ' || kind FROM events
     WHERE NOT json_valid(CAST(body AS TEXT)) OR json_extract(CAST(body AS TEXT), '$.event') IS NOT kind
       OR replace(json_extract(CAST(body AS TEXT), '$.data.invoice_id'), '-', '') IS NOT lower(hex(invoice))",
    "SELECT 'event', id, 'its id stands ' || count(*) || ' times' FROM events GROUP BY id HAVING count(*) > 1",
    "SELECT 'invoice', id, 'its creation is told ' || told || ' times' FROM
       (SELECT i.id, coalesce(e.told, 0) AS told FROM invoices i LEFT JOIN
          (SELECT invoice, count(*) AS told FROM events WHERE kind = 'invoice.created' GROUP BY invoice) e ON e.invoice = i.id)
     WHERE told != 1",
    "SELECT 'invoice', id, 'it is ' || status || ' and what was told last of it is ' || coalesce(told, 'nothing') FROM
       (SELECT i.id, i.status, e.kind AS told FROM invoices i LEFT JOIN
          (SELECT invoice, kind, max(sequence) FROM events WHERE kind IN
             ('invoice.paid', 'invoice.overpaid', 'invoice.underpaid', 'invoice.expired', 'invoice.draft_expired',
              'invoice.cancelled', 'invoice.invalid') GROUP BY invoice) e ON e.invoice = i.id
        WHERE json_valid(i.standing) AND json_extract(i.standing, '$.is_final'))
     WHERE told IS NOT 'invoice.' || status
       -- Money that a permanent address does not accept: its invoice is over from the beginning, and only the money is told.
       AND NOT (told IS NULL AND status = 'expired' AND id IN (SELECT invoice FROM static_address_invoices))",
];
