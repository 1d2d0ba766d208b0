//! The scenarios of test mode: whole stories played through on the simulated networks.

use super::{TestModeError, test_chain};
use crate::gateway::Gateway;
use farthing_dialects::native::test_mode::Scenario;
use farthing_domain::{
    asset::{Asset, AssetId},
    id::{Environment, InvoiceId, Owner},
    invoice::Invoice,
    money::Amount,
    settle::still_due,
};
use std::sync::Arc;

impl Gateway {
    /// Plays a scenario on an invoice to its end, and answers the hashes of the transactions that it made.
    ///
    /// # Errors
    /// When the invoice has no address yet, or the store fails.
    pub async fn play_scenario(
        self: &Arc<Self>,
        owner: Owner,
        id: InvoiceId,
        scenario: Scenario,
    ) -> Result<Vec<String>, TestModeError> {
        let (invoice, asset) = self.test_asset(owner, id, None, None).await?;
        let due = still_due(&invoice, asset.id).filter(|due| due.units > 0).or_else(|| full_due(&invoice, asset.id));
        let due = due.ok_or_else(|| TestModeError::NoAddress(asset.id.to_string()))?;
        let half = Amount { units: due.units.div_ceil(2), ..due };
        let rest = Amount { units: due.units.saturating_sub(half.units), ..due };
        match scenario {
            Scenario::Exact => self.pay_to_finality(&invoice, &[due]).await,
            Scenario::Underpay => self.pay_to_finality(&invoice, &[rest]).await,
            Scenario::Overpay => {
                let more = Amount { units: due.units.saturating_add(half.units), ..due };
                self.pay_to_finality(&invoice, &[more]).await
            }
            Scenario::Split => self.pay_to_finality(&invoice, &[half, rest]).await,
            Scenario::Late => {
                self.pass_deadline(&invoice).await?;
                self.pay_to_finality(&invoice, &[due]).await
            }
            Scenario::Reorg => self.play_reorg(&invoice, due).await,
            Scenario::DoubleSpend => self.play_double_spend(&invoice, due).await,
            Scenario::WrongToken => {
                let other = self.other_asset(&asset, due)?;
                self.pay_to_finality(&invoice, &[other]).await
            }
        }
    }

    async fn pay_to_finality(
        self: &Arc<Self>,
        invoice: &Invoice,
        amounts: &[Amount],
    ) -> Result<Vec<String>, TestModeError> {
        let mut hashes = Vec::new();
        for amount in amounts.iter().filter(|amount| amount.units > 0) {
            hashes.push(self.pay_address(invoice, *amount).await?);
            self.scan_to_tip(test_chain(amount.asset.network)).await?;
            self.mine_to_finality(*amount).await?;
        }
        Ok(hashes)
    }

    async fn mine_to_finality(self: &Arc<Self>, amount: Amount) -> Result<(), TestModeError> {
        let network = amount.asset.network;
        let confirmations = self.chain(test_chain(network)).map_or(1, |chain| chain.confirmations);
        self.mine_and_scan(network, confirmations).await
    }

    async fn pass_deadline(self: &Arc<Self>, invoice: &Invoice) -> Result<(), TestModeError> {
        let now = self.clocks().now(Environment::Test);
        let left = invoice.deadline.map_or(0, |deadline| deadline.seconds_since(now));
        if left >= 0 {
            self.advance_test_clock(left.saturating_add(2)).await?;
        }
        Ok(())
    }

    async fn play_reorg(self: &Arc<Self>, invoice: &Invoice, due: Amount) -> Result<Vec<String>, TestModeError> {
        let network = due.asset.network;
        let hash = self.pay_address(invoice, due).await?;
        self.mine_and_scan(network, 1).await?;
        self.reorganise_test_network(network, 1, Vec::new()).await?;
        self.mine_to_finality(due).await?;
        Ok(vec![hash])
    }

    async fn play_double_spend(self: &Arc<Self>, invoice: &Invoice, due: Amount) -> Result<Vec<String>, TestModeError> {
        let network = due.asset.network;
        let hash = self.pay_address(invoice, due).await?;
        self.scan_to_tip(test_chain(network)).await?;
        let spent = hash.clone();
        self.change_chain(network, move |simulated| Ok((simulated.prepare_drop(&spent)?, ()))).await?;
        self.scan_to_tip(test_chain(network)).await?;
        Ok(vec![hash])
    }

    /// As many whole coins of another asset on the same family of networks: a token of the network, else its coin, else the
    /// same network family's other network.
    fn other_asset(&self, asset: &Asset, due: Amount) -> Result<Amount, TestModeError> {
        let catalog = &self.environment(Environment::Test).catalog;
        let family = self.family(test_chain(asset.id.network));
        let others = catalog.assets().iter().filter(|other| other.id != asset.id);
        let mut same_family = others.filter(|other| self.family(test_chain(other.id.network)) == family);
        let on_network =
            catalog.assets().iter().find(|other| other.id != asset.id && other.id.network == asset.id.network);
        let other = on_network.or_else(|| same_family.next());
        let other =
            other.ok_or_else(|| TestModeError::Amount(format!("{} carries no other asset", asset.id.network)))?;
        let places = other.decimals.min(due.decimals);
        let units = farthing_domain::decimal::power_of_ten(due.decimals.saturating_sub(places))
            .and_then(|divisor| due.units.checked_div(divisor))
            .and_then(|coins| {
                coins.checked_mul(farthing_domain::decimal::power_of_ten(other.decimals.saturating_sub(places))?)
            });
        Ok(Amount::of(other, units.unwrap_or(1).max(1)))
    }
}

fn full_due(invoice: &Invoice, asset: AssetId) -> Option<Amount> {
    invoice.quotes.iter().rfind(|quote| quote.due.asset == asset).map(|quote| quote.due)
}
