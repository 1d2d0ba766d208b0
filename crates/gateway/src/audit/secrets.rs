//! Secrets that sign: each can be unsealed with this installation's key, or what it signs for is never told.

use super::{Audit, AuditError};

impl Audit {
    pub(super) async fn secrets(&mut self) -> Result<(), AuditError> {
        // A closure: the method itself is not general enough in the reader's lifetime.
        #[expect(clippy::redundant_closure_for_method_calls, reason = "the method path does not compile here")]
        let sealed = self.gateway.store().read(|reader| reader.sealed_secrets()).await?;
        for (of, id, sealed) in sealed {
            let bytes = hex::decode(&sealed).unwrap_or_default();
            if self.gateway.parts.sealer.unseal(id.as_bytes(), &bytes).is_err() {
                self.findings.differ(format!("{of} {id}"), "its secret cannot be unsealed: it signs nothing");
            }
        }
        Ok(())
    }
}
