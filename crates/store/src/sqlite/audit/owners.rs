//! Everything belongs to a merchant who exists, and texts that are lists or objects can be read.

pub(super) const ROWS: &[&str] = &[
    "SELECT 'invoice', id, 'it belongs to a merchant who does not exist' FROM invoices
     WHERE merchant NOT IN (SELECT id FROM merchants)",
    "SELECT 'endpoint', id, 'it belongs to a merchant who does not exist' FROM endpoints
     WHERE merchant NOT IN (SELECT id FROM merchants)",
    "SELECT 'permanent address', id, 'it belongs to a merchant who does not exist' FROM static_addresses
     WHERE merchant NOT IN (SELECT id FROM merchants)",
    "SELECT 'credential', id, 'it belongs to a merchant who does not exist' FROM dialect_credentials
     WHERE merchant NOT IN (SELECT id FROM merchants)",
    "SELECT 'API key', id, 'it belongs to a merchant who does not exist' FROM api_keys
     WHERE merchant NOT IN (SELECT id FROM merchants)",
    "SELECT 'endpoint', id, 'its list of events or of secrets cannot be read' FROM endpoints
     WHERE NOT json_valid(events) OR NOT json_valid(secrets)",
    "SELECT 'endpoint', id, 'it has no secret to sign with' FROM endpoints
     WHERE deleted_at IS NULL AND credential IS NULL AND json_valid(secrets) AND json_array_length(secrets) = 0",
    "SELECT 'account ' || lower(hex(a.account)), NULL, 'its next index is '
            || coalesce((SELECT next_index FROM accounts k WHERE k.environment = a.environment AND k.key = a.account), 'unknown')
            || ' and its address ' || max(a.position) || ' was handed out: it could be handed out again'
     FROM addresses a GROUP BY a.environment, a.account
     HAVING coalesce((SELECT next_index FROM accounts k WHERE k.environment = a.environment AND k.key = a.account), 0)
            <= max(a.position)",
    "SELECT 'account ' || lower(hex(account)), NULL, 'its index ' || position || ' stands for ' || count(*) || ' addresses'
     FROM addresses GROUP BY environment, account, position HAVING count(*) > 1",
    "SELECT 'address ' || position || ' of ' || family, NULL, 'it is bound to an invoice that does not exist' FROM addresses
     WHERE holder_kind = 0 AND holder NOT IN (SELECT id FROM invoices)",
    "SELECT 'address ' || position || ' of ' || family, NULL, 'it is bound to a permanent address that does not exist'
     FROM addresses WHERE holder_kind = 1 AND holder NOT IN (SELECT id FROM static_addresses)",
    "SELECT 'permanent address', a.id, 'it is in ' || a.currency || ' on ' || a.network || ', and a deposit of it is in '
            || coalesce(json_extract(i.terms, '$.choice.fixed.code') || ' on ' || json_extract(i.terms, '$.choice.fixed.network'), 'nothing')
     FROM static_address_invoices s JOIN static_addresses a ON a.id = s.address JOIN invoices i ON i.id = s.invoice
     WHERE json_valid(i.terms) AND (json_extract(i.terms, '$.choice.fixed.code') IS NOT a.currency
       OR json_extract(i.terms, '$.choice.fixed.network') IS NOT a.network)
     GROUP BY a.id",
    "SELECT 'permanent address', s.address, 'a deposit of it is said to have brought ' || s.received
            || ', and its payment makes it ' || s.made FROM
       (SELECT d.address, d.received, CASE WHEN json_extract(p.body, '$.final_since') IS NOT NULL
               AND json_extract(p.body, '$.reversed_at') IS NULL AND json_extract(p.body, '$.rejection') IS NULL
               THEN json_extract(p.body, '$.units') ELSE '0' END AS made
        FROM static_address_invoices d JOIN payments p ON p.invoice = d.invoice WHERE json_valid(p.body)) s
     WHERE s.received IS NOT s.made",
];
