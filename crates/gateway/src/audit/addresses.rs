//! Every address handed out, derived again from its account.

use super::{Audit, AuditError, PAGE};
use farthing_domain::{id::Environment, network::Family};
use farthing_networks::account::Account;
use farthing_store::records::AddressRow;
use std::{collections::BTreeMap, sync::Arc};

type Accounts = BTreeMap<(Environment, Family, [u8; 16]), Arc<Account>>;

impl Audit {
    pub(super) async fn addresses(&mut self) -> Result<(), AuditError> {
        let accounts = self.accounts().await?;
        let mut after: Option<AddressRow> = None;
        loop {
            let from = after.clone();
            let page = self.gateway.store().read(move |reader| reader.addresses(from.as_ref(), PAGE)).await?;
            let Some(last) = page.last().cloned() else { return Ok(()) };
            for row in &page {
                self.address(row, &accounts);
            }
            after = Some(last);
        }
    }

    fn address(&mut self, row: &AddressRow, accounts: &Accounts) {
        self.findings.addresses = self.findings.addresses.saturating_add(1);
        let id: Option<[u8; 16]> = row.account.as_slice().try_into().ok();
        let Some(account) = id.and_then(|id| accounts.get(&(row.environment, row.family, id))) else {
            self.findings.addresses_of_other_accounts = self.findings.addresses_of_other_accounts.saturating_add(1);
            return;
        };
        let subject = format!("address {} of {:?}, {}", row.index, row.family, row.environment);
        match account.address(row.index) {
            Ok(address) if address.bytes() == row.bytes => {}
            Ok(address) => self
                .findings
                .differ(subject, format!("it is stored as another one than its account's {}", address.text())),
            Err(error) => self.findings.differ(subject, format!("its account does not have it: {error}")),
        }
    }
}
