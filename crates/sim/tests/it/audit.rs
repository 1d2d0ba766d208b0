//! Each kind of row is corrupted with plain SQL, and the audit names exactly that.

use farthing_gateway::audit::Findings;
use farthing_sim::{
    simulation::{Settings, world_after},
    world::World,
};
use rusqlite::Connection;

/// A corruption: what it is, which table it touches, how, and what every difference found has to say.
struct Corruption {
    table: &'static str,
    sql: &'static str,
    told: &'static [&'static str],
}

const fn of(table: &'static str, sql: &'static str, told: &'static [&'static str]) -> Corruption {
    Corruption { table, sql, told }
}

/// One row of a table, by a condition.
macro_rules! one {
    ($table:literal, $id:literal, $condition:literal) => {
        concat!("(SELECT ", $id, " FROM ", $table, " WHERE ", $condition, " ORDER BY ", $id, " LIMIT 1)")
    };
}

/// What is told besides of any row that has a checksum.
const ALTERED: &str = "is not as it was written";

const CORRUPTIONS: &[Corruption] = &[
    // Little is computed of these: a standing differs where a payment is counted by when it was seen.
    of(
        "payments",
        "UPDATE payments SET body = json_set(body, '$.first_seen', json_extract(body, '$.first_seen') + 1) WHERE stage = 2",
        &["its row is not as it was written", "it cannot be computed anew", "is stored as"],
    ),
    of(
        "invoices",
        concat!(
            "UPDATE invoices SET terms = json_set(terms, '$.description', 'x') WHERE id = ",
            one!("invoices", "id", "1")
        ),
        &["its row is not as it was written"],
    ),
    of(
        "policies",
        "UPDATE policies SET body = body || ' ' WHERE number = 1",
        &["its row is not as it was written", "it cannot be computed anew"],
    ),
    of(
        "events",
        "UPDATE events SET created_at = created_at + 1 WHERE sequence = 3",
        &["its row is not as it was written"],
    ),
    of(
        "invoices",
        concat!(
            "UPDATE invoices SET status = 'pending', standing = json_set(standing, '$.status', 'pending') WHERE id = ",
            one!("invoices", "id", "status = 'paid'")
        ),
        &[
            "status is stored as pending and its facts make it paid",
            "it is pending and what was told last of it is invoice.paid",
        ],
    ),
    of(
        "invoices",
        concat!("UPDATE invoices SET status = 'paid' WHERE id = ", one!("invoices", "id", "status = 'expired'")),
        &[
            "status is listed as paid and its standing says expired",
            "it is paid and what was told last of it is invoice.expired",
        ],
    ),
    of(
        "invoices",
        concat!("UPDATE invoices SET due_at = 5 WHERE id = ", one!("invoices", "id", "due_at IS NULL")),
        &["due_at is 5 and its standing changes at never"],
    ),
    of(
        "invoices",
        concat!("UPDATE invoices SET retry_at = 5 WHERE id = ", one!("invoices", "id", "due_at IS NULL")),
        &["retry_at is 5, but it waits for no scan"],
    ),
    of(
        "invoices",
        concat!("UPDATE invoices SET currency = 'DOGE' WHERE id = ", one!("invoices", "id", "currency = 'BTC'")),
        &["currency is listed as DOGE and its facts make it BTC"],
    ),
    of(
        "invoices",
        concat!("UPDATE invoices SET external_id = 'x' WHERE id = ", one!("invoices", "id", "external_id IS NULL")),
        &["external_id is listed as x and its terms say none"],
    ),
    of(
        "invoices",
        concat!("UPDATE invoices SET quotes = '[' WHERE id = ", one!("invoices", "id", "1")),
        &["its facts cannot be read", "it cannot be read"],
    ),
    of(
        "invoices",
        concat!("UPDATE invoices SET merchant = randomblob(16) WHERE id = ", one!("invoices", "id", "1")),
        &[
            "merchant who does not exist",
            "invoice that is not theirs",
            "its idempotency key is not kept",
            "names an invoice that does not have it",
            "it is of an invoice that does not exist",
            "nobody finds it by the name",
        ],
    ),
    of("dialect_names", "DELETE FROM dialect_names WHERE kind = 'invoice'", &["nobody finds it by the name"]),
    of(
        "dialect_counters",
        "UPDATE dialect_counters SET last = 0",
        &["it is beyond its counter: it could be given again"],
    ),
    of(
        "dialect_credentials",
        "UPDATE dialect_credentials SET callback_url = callback_url || 'x'",
        &["its row is not as it was written"],
    ),
    of(
        "dialect_credentials",
        "UPDATE dialect_credentials SET secret = replace(secret, 'a', 'b')",
        &["its secret cannot be unsealed"],
    ),
    of("endpoints", "UPDATE endpoints SET url = url || 'x'", &["its row is not as it was written"]),
    of(
        "endpoints",
        "UPDATE endpoints SET secrets = json_set(secrets, '$[0].sealed', 'ff') WHERE credential IS NULL AND deleted_at IS NULL",
        &["its secret cannot be unsealed"],
    ),
    of(
        "invoices",
        concat!("UPDATE invoices SET policy = 77 WHERE id = ", one!("invoices", "id", "1")),
        &["its policy 77 does not exist"],
    ),
    of(
        "policies",
        "UPDATE policies SET body = '{' WHERE number = 1",
        &["policy 1: it cannot be read", "it cannot be read: policy_body"],
    ),
    of("idempotency_keys", "DELETE FROM idempotency_keys WHERE key = 'key-0'", &["its idempotency key is not kept"]),
    of(
        "idempotency_keys",
        "UPDATE idempotency_keys SET key = 'stolen' WHERE key = 'key-0'",
        &["its idempotency key is not kept", "idempotency key stolen: it names an invoice that does not have it"],
    ),
    of("accounts", "UPDATE accounts SET next_index = 0", &["its next index is 0 and its address"]),
    of("accounts", "DELETE FROM accounts", &["its next index is unknown and its address"]),
    of(
        "addresses",
        "INSERT INTO addresses SELECT environment, family, zeroblob(22), account, position, holder, created_at, holder_kind
         FROM addresses WHERE family = 'bitcoin' AND position = 0",
        &["its index 0 stands for 2 addresses", "it is stored as another one than its account's"],
    ),
    of(
        "addresses",
        "UPDATE addresses SET bytes = randomblob(22) WHERE family = 'bitcoin' AND position = 0",
        &["it is stored as another one than its account's"],
    ),
    of(
        "addresses",
        "UPDATE addresses SET holder = randomblob(16) WHERE family = 'bitcoin' AND position = 0",
        &["it is bound to an invoice that does not exist"],
    ),
    of(
        "payments",
        concat!("UPDATE payments SET stage = 0 WHERE hash = ", one!("payments", "hash", "stage = 2")),
        &["stage is 0 and its facts make it 2"],
    ),
    of(
        "payments",
        concat!("UPDATE payments SET height = 99999 WHERE hash = ", one!("payments", "hash", "stage = 2")),
        &["height is 99999 and its block is"],
    ),
    of(
        "payments",
        concat!(
            "UPDATE payments SET hash = 'f00d' WHERE hash = ",
            one!("payments", "hash", "stage = 2 AND position = '0'"),
            " AND position = '0'"
        ),
        &["payment f00d 0: its facts are of the transfer"],
    ),
    of(
        "payments",
        concat!(
            "UPDATE payments SET ordinal = 7 WHERE hash = ",
            one!("payments", "hash", "ordinal = 0 AND position = '0'"),
            " AND ordinal = 0 AND position = '0'"
        ),
        &["its payments are numbered", "is not what its facts make it", "its payments is stored as"],
    ),
    of(
        "payments",
        "UPDATE payments SET invoice = randomblob(16) WHERE stage = 2",
        &[
            "an invoice that does not exist there",
            "its facts make it",
            "its payments are numbered",
            "its payments is stored",
            "paid_at is stored",
            "is not what its facts make it",
        ],
    ),
    of(
        "payments",
        concat!("UPDATE payments SET body = 'x' WHERE hash = ", one!("payments", "hash", "stage = 2")),
        &["its facts cannot be read", "it cannot be read: body"],
    ),
    of(
        "payments",
        "UPDATE payments SET body = json_set(body, '$.units', '0') WHERE stage = 2",
        &["its facts make it", "is not what its facts make it"],
    ),
    of("event_counters", "UPDATE event_counters SET last = last + 1", &["the counter stands at"]),
    of(
        "events",
        "DELETE FROM events WHERE sequence = 5",
        &[
            "number 5 is missing; 6 follows",
            "event that does not exist",
            "its creation is told 0 times",
            "what was told last of it is",
        ],
    ),
    of(
        "events",
        "UPDATE events SET kind = 'invoice.sent' WHERE sequence = 1",
        &["its body is not that of invoice.sent", "its creation is told 0 times", "event that does not exist"],
    ),
    of("events", "UPDATE events SET body = CAST('{}' AS BLOB) WHERE sequence = 2", &["its body is not that of"]),
    of(
        "events",
        "UPDATE events SET id = (SELECT id FROM events WHERE sequence = 1 LIMIT 1) WHERE sequence = 1",
        &["its id stands", "event that does not exist"],
    ),
    of(
        "events",
        "UPDATE events SET invoice = randomblob(16) WHERE sequence = 1",
        &["an invoice that is not theirs", "its body is not that of", "its creation is told 0 times"],
    ),
    of(
        "deliveries",
        "DELETE FROM deliveries WHERE sequence = 9",
        &["event 9 to endpoint", "it has no delivery", "numbered"],
    ),
    of("attempts", "UPDATE attempts SET status = 500", &["no attempt was acknowledged"]),
    of(
        "deliveries",
        concat!("UPDATE deliveries SET attempts = 40 WHERE id = ", one!("deliveries", "id", "stage = 1")),
        &["it counts 40 attempts and has"],
    ),
    of(
        "deliveries",
        concat!("UPDATE deliveries SET stage = 9 WHERE id = ", one!("deliveries", "id", "stage = 1")),
        &["stage is 9, which there is not"],
    ),
    of(
        "deliveries",
        concat!("UPDATE deliveries SET endpoint = randomblob(16) WHERE id = ", one!("deliveries", "id", "stage = 1")),
        &["an endpoint that is not its owner's", "it has no delivery"],
    ),
    of("attempts", "DELETE FROM attempts", &["attempts and has 0", "no attempt was acknowledged"]),
    of(
        "endpoints",
        concat!("UPDATE endpoints SET secrets = '[]' WHERE id = ", one!("endpoints", "id", "deleted_at IS NULL")),
        &["it has no secret to sign with"],
    ),
    of(
        "endpoints",
        concat!("UPDATE endpoints SET events = '[' WHERE id = ", one!("endpoints", "id", "1")),
        &["its list of events or of secrets cannot be read"],
    ),
    of(
        "chains",
        "UPDATE chains SET height = height + 1, tip = tip + 1 WHERE network = 'bitcoin'",
        &["its cursor stands at"],
    ),
    of("chains", "UPDATE chains SET tip = 0 WHERE network = 'bitcoin'", &["its tip 0 is below its cursor"]),
    of("chains", "DELETE FROM chains WHERE network = 'bitcoin'", &["it was scanned and has no cursor"]),
    of(
        "scanned_ranges",
        "DELETE FROM scanned_ranges WHERE network = 'bitcoin' AND first = (SELECT first FROM scanned_ranges WHERE network = 'bitcoin' ORDER BY first LIMIT 1 OFFSET 1)",
        &["chain bitcoin: blocks"],
    ),
    of(
        "scanned_ranges",
        "UPDATE scanned_ranges SET last = last + 1 WHERE network = 'bitcoin' AND first = 0",
        &["stand in two ranges"],
    ),
];

async fn audit(world: &World) -> Findings {
    world.gateway.audit().await.unwrap()
}

/// Does something to a table, looks, and puts the table back.
async fn corrupted(world: &World, connection: &Connection, corruption: &Corruption) -> Findings {
    let table = corruption.table;
    connection.execute_batch(&format!("CREATE TEMP TABLE kept AS SELECT * FROM {table}")).unwrap();
    connection.execute(corruption.sql, []).unwrap();
    let findings = audit(world).await;
    let back = format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept; DROP TABLE kept");
    connection.execute_batch(&back).unwrap();
    findings
}

#[tokio::test]
async fn every_kind_of_corrupted_row_is_found_and_named() {
    let world =
        world_after(1, Settings { steps: 300, planted: None }).await.unwrap_or_else(|failure| panic!("{failure}"));
    let clean = audit(&world).await;
    assert!(clean.differences.is_empty(), "{:?}", clean.differences);
    assert!(clean.payments > 0 && clean.deliveries > 0 && clean.addresses > 0, "{clean:?}");
    let connection = Connection::open(world.folder().join("farthing.db")).unwrap();
    connection.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    let mut problems = Vec::new();
    for corruption in CORRUPTIONS {
        let findings = corrupted(&world, &connection, corruption).await;
        let told: Vec<String> =
            findings.differences.iter().map(|found| format!("{}: {}", found.subject, found.detail)).collect();
        let first = corruption.told[0];
        if !told.iter().any(|line| line.contains(first)) {
            problems.push(format!("{} was not told as {first:?}, but as {told:?}", corruption.sql));
        }
        let is_foreseen =
            |line: &&String| line.contains(ALTERED) || corruption.told.iter().any(|words| line.contains(words));
        if let Some(other) = told.iter().find(|line| !is_foreseen(line)) {
            problems.push(format!("{} was told also as {other}", corruption.sql));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    let after = audit(&world).await;
    assert!(after.differences.is_empty(), "the tables were put back: {:?}", after.differences);
}
