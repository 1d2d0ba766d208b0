//! Bytes that a disk changed: pages and indexes that do not fit together, and rows that are not as they were written.

pub(super) const ROWS: &[&str] = &[
    "SELECT 'database', NULL, integrity_check FROM pragma_integrity_check WHERE integrity_check != 'ok'",
    "SELECT 'invoice', i.id, 'its row is not as it was written' FROM invoices i LEFT JOIN policies p ON p.number = i.policy
     WHERE checksum(i.id, i.merchant, i.environment, i.source, i.token, i.terms, i.created_at, i.draft_deadline, i.deadline,
       i.activated_at, i.activation_count, i.cancellation, i.marked_invalid_at, i.scanned_through, i.paid_once_at, i.quotes,
       i.standing, p.body) IS NOT i.checksum",
    "SELECT 'payment ' || p.hash || ' ' || p.position, NULL, 'its row is not as it was written' FROM payments p
     WHERE checksum(p.environment, p.network, p.hash, p.position, p.invoice, p.body) IS NOT p.checksum",
    "SELECT 'event ' || sequence || ' of merchant', merchant, 'its row is not as it was written' FROM events
     WHERE checksum(merchant, environment, sequence, id, kind, invoice, created_at, body) IS NOT checksum",
    "SELECT 'delivery', id, 'its row is not as it was written' FROM deliveries
     WHERE body IS NOT NULL AND checksum(id, endpoint, event, kind, body, url) IS NOT checksum",
    "SELECT 'endpoint', id, 'its row is not as it was written' FROM endpoints
     WHERE checksum(id, merchant, environment, url, events, dialect, credential) IS NOT checksum",
    "SELECT 'credential', id, 'its row is not as it was written' FROM dialect_credentials
     WHERE checksum(id, merchant, environment, dialect, hash, public_key, callback_url) IS NOT checksum",
    "SELECT 'payment ' || hash || ' ' || position, NULL, 'what waits of it is not as it was written' FROM set_aside
     WHERE checksum(environment, network, hash, position, invoice, address, body, seen_at) IS NOT checksum",
];
