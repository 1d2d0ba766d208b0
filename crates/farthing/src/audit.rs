//! `audit`: says what the gateway's audit found. It reads and never repairs, and works beside a running server.

use crate::{cli::Json, commands::Outcome, config::Config, installation::open_for_command, output};
use anyhow::bail;
use farthing_gateway::audit::Findings;
use serde_json::json;

/// Audits and says what was found.
///
/// # Errors
/// When the store cannot be read.
pub(crate) async fn execute(config: &Config, json: Json) -> anyhow::Result<Outcome> {
    if !config.data_dir.join("farthing.db").exists() {
        bail!("there is nothing to audit in {} (data_dir)", config.data_dir.display());
    }
    let gateway = open_for_command(config).await?;
    Ok(tell(&gateway.audit().await?, json)?)
}

fn tell(findings: &Findings, json: Json) -> std::io::Result<Outcome> {
    let is_ok = findings.differences.is_empty();
    let differences: Vec<_> =
        findings.differences.iter().map(|found| json!({"subject": found.subject, "detail": found.detail})).collect();
    let object = json!({
        "ok": is_ok,
        "checked": {
            "invoices": findings.invoices, "payments": findings.payments, "addresses": findings.addresses,
            "addresses_of_other_accounts": findings.addresses_of_other_accounts, "events": findings.events, "deliveries": findings.deliveries,
        },
        "differences": differences,
        "differences_untold": findings.differences_untold,
    });
    let mut lines: Vec<String> =
        findings.differences.iter().map(|found| format!("{}: {}", found.subject, found.detail)).collect();
    if findings.differences_untold > 0 {
        lines.push(format!("and {} more", findings.differences_untold));
    }
    let sums = format!(
        "Computed anew: {} invoices, {} payments, {} addresses, {} events, {} deliveries.",
        findings.invoices, findings.payments, findings.addresses, findings.events, findings.deliveries
    );
    lines.push(if is_ok { format!("{sums} Nothing differs.") } else { sums });
    output::answer(json, &object, &lines.join("\n"))?;
    Ok(if is_ok { Outcome::Done } else { Outcome::Failed })
}
