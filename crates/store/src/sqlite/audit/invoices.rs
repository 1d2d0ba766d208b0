//! What an invoice's row repeats of its facts, its policy, and its idempotency key.

pub(super) const ROWS: &[&str] = &[
    "SELECT 'invoice', id, 'its facts cannot be read' FROM invoices
     WHERE NOT json_valid(terms) OR NOT json_valid(quotes) OR NOT json_valid(standing) OR NOT json_valid(source)
           OR (cancellation IS NOT NULL AND NOT json_valid(cancellation))",
    "SELECT 'invoice', id, 'its policy ' || policy || ' does not exist' FROM invoices
     WHERE policy NOT IN (SELECT number FROM policies)",
    "SELECT 'policy ' || number, NULL, 'it cannot be read' FROM policies WHERE NOT json_valid(body)",
    "SELECT 'invoice', id, 'status is listed as ' || status || ' and its standing says ' || json_extract(standing, '$.status')
     FROM invoices WHERE json_valid(standing) AND json_extract(standing, '$.status') IS NOT status",
    "SELECT 'invoice', id, 'due_at is ' || coalesce(due_at, 'never') || ' and its standing changes at '
            || coalesce(json_extract(standing, '$.next_change'), 'never')
     FROM invoices WHERE json_valid(standing) AND json_extract(standing, '$.next_change') IS NOT due_at",
    "SELECT 'invoice', id, 'retry_at is ' || retry_at || ', but it waits for no scan' FROM invoices
     WHERE retry_at IS NOT NULL AND due_at IS NULL",
    "SELECT 'invoice', id, 'currency is listed as ' || coalesce(currency, 'none') || ' and its facts make it '
            || coalesce(json_extract(quotes, '$[#-1].due.asset.code'), json_extract(terms, '$.choice.fixed.code'), 'none')
     FROM invoices WHERE json_valid(quotes) AND json_valid(terms)
       AND coalesce(json_extract(quotes, '$[#-1].due.asset.code'), json_extract(terms, '$.choice.fixed.code')) IS NOT currency",
    "SELECT 'invoice', id, 'external_id is listed as ' || coalesce(external_id, 'none') || ' and its terms say '
            || coalesce(json_extract(terms, '$.external_id'), 'none')
     FROM invoices WHERE json_valid(terms) AND json_extract(terms, '$.external_id') IS NOT external_id",
    "SELECT 'invoice', i.id, 'its idempotency key is not kept' FROM invoices i
     WHERE json_valid(i.terms) AND json_extract(i.terms, '$.idempotency_key') IS NOT NULL AND NOT EXISTS
       (SELECT 1 FROM idempotency_keys k WHERE k.merchant = i.merchant AND k.environment = i.environment
        AND k.key = json_extract(i.terms, '$.idempotency_key') AND k.invoice = i.id)",
    "SELECT 'idempotency key ' || k.key, NULL, 'it names an invoice that does not have it' FROM idempotency_keys k
     LEFT JOIN invoices i ON i.id = k.invoice AND i.merchant = k.merchant AND i.environment = k.environment
     WHERE i.id IS NULL OR (json_valid(i.terms) AND json_extract(i.terms, '$.idempotency_key') IS NOT k.key)",
];
