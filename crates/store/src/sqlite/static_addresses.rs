//! Permanent addresses, and the invoices of their deposits.
//!
//! How many deposits an address had and what it received are kept beside it, in the transaction of each change of a deposit's
//! invoice; what an invoice adds is the domain's answer.

use super::{
    Reader, Transaction,
    invoices::columns,
    rows::{environment_number, environment_of, number, timestamp, uuid},
};
use crate::{
    error::StoreError,
    records::{NewStaticAddress, Page, StaticAddressChange, StaticAddressFilter, TakeKey},
};
use farthing_domain::{
    asset::AssetId,
    id::{InvoiceId, MerchantId, Owner, StaticAddressId},
    invoice::Invoice,
    name::{AssetCode, NetworkId},
    network::ChainId,
    payment::PaymentKey,
    planted::{self, Bug},
    policy::Dialect,
    static_address::{StaticAddress, Total, deposited},
};
use rusqlite::{OptionalExtension, Row, ToSql, params, params_from_iter};
use uuid::Uuid;

impl Reader<'_> {
    /// One of the owner's permanent addresses.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn static_address(&self, owner: Owner, id: StaticAddressId) -> Result<Option<StaticAddress>, StoreError> {
        Ok(self.any_static_address(id)?.filter(|address| address.owner == owner))
    }

    /// A permanent address by id alone, for background work that goes over all owners.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn any_static_address(&self, id: StaticAddressId) -> Result<Option<StaticAddress>, StoreError> {
        let mut statement = self.0.prepare_cached("SELECT * FROM static_addresses WHERE id = ?1")?;
        let mut rows = statement.query([id.0.as_bytes()])?;
        rows.next()?.map(read_static_address).transpose()
    }

    /// The permanent address that a key was used for, with the fingerprint of that call. Each dialect has its own keys.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn static_address_taken(
        &self,
        owner: Owner,
        dialect: Dialect,
        key: &str,
    ) -> Result<Option<(String, StaticAddress)>, StoreError> {
        let mut sql = "SELECT * FROM static_addresses WHERE merchant = ?1 AND environment = ?2 AND dialect = ?3 AND take_key = ?4";
        if planted::is(Bug::KeyOfAnyOwner) {
            sql = "SELECT * FROM static_addresses WHERE ?1 NOTNULL AND environment = ?2 AND dialect = ?3 AND take_key = ?4";
        }
        let mut statement = self.0.prepare_cached(sql)?;
        let (merchant, environment) = (owner.merchant.0.as_bytes(), environment_number(owner.environment));
        let mut rows = statement.query(params![merchant, environment, dialect.as_str(), key])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let fingerprint: Option<String> = row.get("fingerprint")?;
        Ok(Some((fingerprint.unwrap_or_default(), read_static_address(row)?)))
    }

    /// A page of the owner's permanent addresses, newest first, and how many the whole list has.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn static_addresses(
        &self,
        owner: Owner,
        filter: &StaticAddressFilter,
        page: Page,
    ) -> Result<(Vec<StaticAddress>, u64), StoreError> {
        let mut condition = String::from("merchant = ? AND environment = ?");
        let mut parameters: Vec<Box<dyn ToSql>> =
            vec![Box::new(*owner.merchant.0.as_bytes()), Box::new(environment_number(owner.environment))];
        let wanted = [
            ("dialect", filter.dialect.map(|dialect| dialect.as_str().to_owned())),
            ("currency", filter.currency.map(|code| code.to_string())),
            ("external_id", filter.external_id.clone()),
        ];
        for (column, value) in wanted {
            let Some(value) = value else { continue };
            condition.push_str(&format!(" AND {column} = ?"));
            parameters.push(Box::new(value));
        }
        let sql = format!("SELECT COUNT(*) FROM static_addresses WHERE {condition}");
        let total: i64 =
            self.0.prepare_cached(&sql)?.query_row(params_from_iter(parameters.iter()), |row| row.get(0))?;
        parameters.push(Box::new(page.limit));
        parameters.push(Box::new(skipped(page)));
        let sql = format!("SELECT * FROM static_addresses WHERE {condition} ORDER BY id DESC LIMIT ? OFFSET ?");
        let addresses = self.static_addresses_of(&sql, params_from_iter(parameters.iter()))?;
        Ok((addresses, number(total, "count")?))
    }

    /// Permanent addresses of all owners in the order of their ids, after a given one: for `audit`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn all_static_addresses(
        &self,
        after: Option<StaticAddressId>,
        limit: u32,
    ) -> Result<Vec<StaticAddress>, StoreError> {
        let after = after.map_or([0; 16], |id| *id.0.as_bytes());
        let sql = "SELECT * FROM static_addresses WHERE id > ?1 ORDER BY id LIMIT ?2";
        self.static_addresses_of(sql, params![after, limit])
    }

    /// A page of the invoices that deposits to one of the owner's permanent addresses made, newest first. How many there are is
    /// the address's `invoice_count`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn static_address_invoices(
        &self,
        owner: Owner,
        id: StaticAddressId,
        page: Page,
    ) -> Result<Vec<Invoice>, StoreError> {
        let sql = format!(
            "SELECT {} JOIN static_address_invoices s ON s.invoice = i.id
             WHERE s.address = ?1 AND i.merchant = ?2 AND i.environment = ?3 ORDER BY s.invoice DESC LIMIT ?4 OFFSET ?5",
            columns()
        );
        let (merchant, environment) = (owner.merchant.0.as_bytes(), environment_number(owner.environment));
        self.invoices_of(&sql, params![id.0.as_bytes(), merchant, environment, page.limit, skipped(page)])
    }

    /// The invoice that a payment is recorded on, whoever's it is: a transfer that is known stays with its invoice.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn any_invoice_paid_by(&self, chain: ChainId, key: &PaymentKey) -> Result<Option<InvoiceId>, StoreError> {
        let sql =
            "SELECT invoice FROM payments WHERE environment = ?1 AND network = ?2 AND hash = ?3 AND position = ?4";
        let parameters =
            params![environment_number(chain.environment), key.network.as_str(), key.transaction, key.position];
        let found: Option<[u8; 16]> = self.0.prepare_cached(sql)?.query_row(parameters, |row| row.get(0)).optional()?;
        Ok(found.map(|bytes| InvoiceId(Uuid::from_bytes(bytes))))
    }

    fn static_addresses_of(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
    ) -> Result<Vec<StaticAddress>, StoreError> {
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query(parameters)?;
        let mut addresses = Vec::new();
        while let Some(row) = rows.next()? {
            addresses.push(read_static_address(row)?);
        }
        Ok(addresses)
    }
}

impl Transaction<'_> {
    /// Writes a new permanent address, with no deposit yet, and the key of the call that took it.
    ///
    /// # Errors
    /// When the database cannot be written, or the key was used already.
    pub fn insert_static_address(&mut self, new: &NewStaticAddress, key: Option<&TakeKey>) -> Result<(), StoreError> {
        let sql = "INSERT INTO static_addresses (id, merchant, environment, dialect, currency, network, decimals, address, label,
                   external_id, extras, take_key, fingerprint, created_at, invoice_count, received)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, 0, '0')";
        self.connection().prepare_cached(sql)?.execute(params![
            new.id.0.as_bytes(),
            new.owner.merchant.0.as_bytes(),
            environment_number(new.owner.environment),
            new.dialect.as_str(),
            new.asset.code.as_str(),
            new.asset.network.as_str(),
            new.decimals,
            new.address,
            new.label,
            new.external_id,
            new.extras,
            key.map(|key| &key.key),
            key.map(|key| &key.fingerprint),
            new.created_at.milliseconds(),
        ])?;
        Ok(())
    }

    /// Changes what may change of one of the owner's permanent addresses; `false` when there is no such address.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn change_static_address(
        &mut self,
        owner: Owner,
        id: StaticAddressId,
        change: &StaticAddressChange,
    ) -> Result<bool, StoreError> {
        let sql =
            "UPDATE static_addresses SET label = CASE WHEN ?4 THEN ?5 ELSE label END, extras = coalesce(?6, extras)
                   WHERE id = ?1 AND merchant = ?2 AND environment = ?3";
        let written = self.connection().prepare_cached(sql)?.execute(params![
            id.0.as_bytes(),
            owner.merchant.0.as_bytes(),
            environment_number(owner.environment),
            change.label.is_some(),
            change.label.as_ref().and_then(Option::as_deref),
            change.extras,
        ])?;
        Ok(written == 1)
    }

    /// Enters a new invoice under its permanent address, if it is a deposit's.
    pub(super) fn enter_deposit(&mut self, invoice: &Invoice) -> Result<(), StoreError> {
        let Some((address, units)) = deposited(invoice) else { return Ok(()) };
        let sql = "INSERT INTO static_address_invoices (address, invoice, received) VALUES (?1, ?2, '0')";
        self.connection().prepare_cached(sql)?.execute(params![address.0.as_bytes(), invoice.id.0.as_bytes()])?;
        let sql = "UPDATE static_addresses SET invoice_count = invoice_count + 1 WHERE id = ?1";
        self.connection().prepare_cached(sql)?.execute([address.0.as_bytes()])?;
        self.count_deposit(invoice, address, units)
    }

    /// Keeps what a permanent address received in step with one of its deposits' invoices.
    pub(super) fn update_deposit(&mut self, invoice: &Invoice) -> Result<(), StoreError> {
        let Some((address, units)) = deposited(invoice) else { return Ok(()) };
        self.count_deposit(invoice, address, units)
    }

    fn count_deposit(&mut self, invoice: &Invoice, address: StaticAddressId, units: u128) -> Result<(), StoreError> {
        let (to, of) = (address.0.as_bytes(), invoice.id.0.as_bytes());
        let sql = "SELECT received FROM static_address_invoices WHERE address = ?1 AND invoice = ?2";
        let before: String = self.connection().prepare_cached(sql)?.query_row(params![to, of], |row| row.get(0))?;
        let before: u128 = before.parse().map_err(|_| StoreError::Corrupt(format!("received {before}")))?;
        if before == units {
            return Ok(());
        }
        let sql = "SELECT received FROM static_addresses WHERE id = ?1";
        let total: String = self.connection().prepare_cached(sql)?.query_row([to], |row| row.get(0))?;
        let corrupt = || StoreError::Corrupt(format!("permanent address {address} received {total}, of it {before}"));
        let replaced =
            total.parse::<Total>().ok().and_then(|total| total.replaced(before, units)).ok_or_else(corrupt)?;
        let twice = replaced.replaced(0, units).filter(|_| planted::is(Bug::DepositsAddTwice));
        let replaced = twice.unwrap_or(replaced);
        let sql = "UPDATE static_address_invoices SET received = ?3 WHERE address = ?1 AND invoice = ?2";
        self.connection().prepare_cached(sql)?.execute(params![to, of, units.to_string()])?;
        let sql = "UPDATE static_addresses SET received = ?2 WHERE id = ?1";
        self.connection().prepare_cached(sql)?.execute(params![to, replaced.to_string()])?;
        Ok(())
    }
}

fn skipped(page: Page) -> i64 {
    i64::try_from(page.offset).unwrap_or(i64::MAX)
}

fn read_static_address(row: &Row<'_>) -> Result<StaticAddress, StoreError> {
    let corrupt = |what: &str| StoreError::Corrupt(format!("static_addresses.{what}"));
    let dialect: String = row.get("dialect")?;
    let (code, network): (String, String) = (row.get("currency")?, row.get("network")?);
    let (decimals, count): (i64, i64) = (row.get("decimals")?, row.get("invoice_count")?);
    let received: String = row.get("received")?;
    Ok(StaticAddress {
        id: StaticAddressId(uuid(row, "id")?),
        owner: Owner {
            merchant: MerchantId(uuid(row, "merchant")?),
            environment: environment_of(row.get("environment")?)?,
        },
        dialect: dialect.parse().map_err(|_| corrupt("dialect"))?,
        asset: AssetId {
            code: AssetCode::new(&code).map_err(|_| corrupt("currency"))?,
            network: NetworkId::new(&network).map_err(|_| corrupt("network"))?,
        },
        decimals: number(decimals, "decimals")?,
        address: row.get("address")?,
        label: row.get("label")?,
        external_id: row.get("external_id")?,
        extras: row.get("extras")?,
        created_at: timestamp(row, "created_at")?,
        invoice_count: number(count, "invoice_count")?,
        received: received.parse().map_err(|_| corrupt("received"))?,
    })
}
