//! What dialects name exists, no number is beyond its counter, and what signs callbacks is there.

pub(super) const ROWS: &[&str] = &[
    "SELECT 'name ' || n.name || ' of ' || n.dialect, NULL, 'it is of an invoice that does not exist' FROM dialect_names n
     WHERE n.kind IN ('invoice', 'reference') AND NOT EXISTS (SELECT 1 FROM invoices i
       WHERE i.id = unhex(replace(n.thing, '-', '')) AND i.merchant = n.merchant AND i.environment = n.environment)",
    "SELECT 'number ' || n.name || ' of ' || n.dialect, NULL, 'it is beyond its counter: it could be given again'
     FROM dialect_names n LEFT JOIN dialect_counters c
       ON c.merchant = n.merchant AND c.environment = n.environment AND c.dialect = n.dialect
     WHERE n.kind != 'reference' AND n.name NOT GLOB '*[^0-9]*' AND CAST(n.name AS INTEGER) > coalesce(c.last, 0)",
    "SELECT 'invoice', i.id, 'nobody finds it by the name ' || json_extract(i.terms, '$.foreign.name') || ' that its dialect gave it'
     FROM invoices i WHERE json_valid(i.terms) AND json_extract(i.terms, '$.foreign.name') IS NOT NULL
       AND replace(json_extract(i.terms, '$.foreign.name'), '-', '') IS NOT lower(hex(i.id)) AND NOT EXISTS
       (SELECT 1 FROM dialect_names n WHERE n.merchant = i.merchant AND n.environment = i.environment AND n.kind = 'invoice'
          AND n.name = json_extract(i.terms, '$.foreign.name') AND unhex(replace(n.thing, '-', '')) = i.id
          AND n.dialect = (SELECT c.dialect FROM dialect_credentials c
            WHERE c.id = unhex(replace(json_extract(i.terms, '$.foreign.credential'), '-', ''))))",
    "SELECT 'invoice', id, 'the credential that made it does not exist' FROM invoices
     WHERE json_valid(terms) AND json_extract(terms, '$.foreign.credential') IS NOT NULL
       AND unhex(replace(json_extract(terms, '$.foreign.credential'), '-', '')) NOT IN (SELECT id FROM dialect_credentials)",
    "SELECT 'endpoint', n.id, 'the credential whose callbacks it gets is not its owner''s' FROM endpoints n
     LEFT JOIN dialect_credentials c ON c.id = n.credential AND c.merchant = n.merchant
       AND c.environment = n.environment AND c.dialect = n.dialect
     WHERE n.credential IS NOT NULL AND c.id IS NULL",
];
