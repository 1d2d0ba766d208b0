//! What a permanent address is said to have received, computed anew from the invoices of its deposits, and the address derived
//! again. An address and its invoices are read in one view, so that deposits of the meantime are no difference.

use super::{Audit, AuditError, PAGE};
use farthing_domain::{
    id::StaticAddressId,
    static_address::{StaticAddress, Total, deposited},
};
use farthing_store::{Reader, StoreError, records::Page};
use std::sync::Arc;

impl Audit {
    pub(super) async fn static_addresses(&mut self) -> Result<(), AuditError> {
        let mut after: Option<StaticAddressId> = None;
        loop {
            let page = self.gateway.store().read(move |reader| reader.all_static_addresses(after, PAGE)).await?;
            let Some(last) = page.last().map(|address| address.id) else { return Ok(()) };
            for address in page {
                self.static_address(address.id).await?;
            }
            after = Some(last);
        }
    }

    async fn static_address(&mut self, id: StaticAddressId) -> Result<(), AuditError> {
        let gateway = Arc::clone(&self.gateway);
        let differences = self.gateway.store().read(move |reader| {
            let Some(address) = reader.any_static_address(id)? else { return Ok(Vec::new()) };
            let mut found = sum_differences(&address, &sums(reader, &address)?);
            if !gateway.is_own_static_address(reader, &address)? {
                found.push("it shows an address that is not its own".to_owned());
            }
            Ok(found)
        });
        let differences = match differences.await {
            Err(StoreError::Corrupt(why)) => vec![format!("it cannot be computed anew: {why}")],
            differences => differences?,
        };
        for detail in differences {
            self.findings.differ(format!("permanent address {id}"), detail);
        }
        Ok(())
    }
}

/// How many deposits an address had, and what they come to.
struct Sums {
    count: u64,
    received: Option<Total>,
}

fn sums(reader: &Reader<'_>, address: &StaticAddress) -> Result<Sums, StoreError> {
    let mut sums = Sums { count: 0, received: Some(Total::default()) };
    loop {
        let page = Page { limit: PAGE, offset: sums.count };
        let invoices = reader.static_address_invoices(address.owner, address.id, page)?;
        if invoices.is_empty() {
            return Ok(sums);
        }
        for invoice in &invoices {
            sums.count = sums.count.saturating_add(1);
            let units = deposited(invoice).filter(|(to, _)| *to == address.id).map(|(_, units)| units);
            sums.received = sums.received.zip(units).and_then(|(total, units)| total.replaced(0, units));
        }
    }
}

fn sum_differences(address: &StaticAddress, sums: &Sums) -> Vec<String> {
    let mut found = Vec::new();
    if address.invoice_count != sums.count {
        found.push(format!("it is said to have had {} deposits and has {}", address.invoice_count, sums.count));
    }
    match &sums.received {
        None => found.push("an invoice of another address is listed under it".to_owned()),
        Some(received) if *received != address.received => {
            found.push(format!("it is said to have received {} and its deposits make it {received}", address.received));
        }
        Some(_) => {}
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use farthing_domain::{
        catalog::Catalog,
        id::{Environment, MerchantId, Owner},
        policy::Dialect,
        time::Timestamp,
    };

    #[test]
    fn a_sum_that_its_deposits_do_not_make_is_told_exactly() {
        let asset = Catalog::shipped().resolve("BTC", None).unwrap().clone();
        let address = StaticAddress {
            id: StaticAddressId(uuid::Uuid::from_u128(1)),
            owner: Owner { merchant: MerchantId(uuid::Uuid::from_u128(2)), environment: Environment::Test },
            dialect: Dialect::Native,
            asset: asset.id,
            decimals: asset.decimals,
            address: "tb1q".to_owned(),
            label: None,
            external_id: None,
            extras: "{}".to_owned(),
            created_at: Timestamp::from_seconds(0),
            invoice_count: 2,
            received: Total::default().replaced(0, 70).unwrap(),
        };
        let of = |count, received: Option<u128>| {
            let received = received.and_then(|units| Total::default().replaced(0, units));
            sum_differences(&address, &Sums { count, received })
        };
        assert!(of(2, Some(70)).is_empty());
        assert_eq!(
            of(3, Some(71)),
            [
                "it is said to have had 2 deposits and has 3",
                "it is said to have received 70 and its deposits make it 71"
            ]
        );
        assert_eq!(of(2, None), ["an invoice of another address is listed under it"]);
    }
}
