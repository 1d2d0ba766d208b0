//! The list: what can become of a payer's money, once, for every chain; and what the shop must see of it.

use super::chain::{Adapter, Again, CONFIRMATIONS, Chain, Seen};
use farthing_domain::{invoice::Invoice, standing::Status};

/// A story of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Exact,
    Short,
    Excess,
    Split,
    Twice,
    Batch,
    Reorganised,
    Replaced,
    WrongToken,
    WrongNetwork,
    LookAlike,
    ProviderFault,
    Late,
}

impl Case {
    pub(super) const ALL: [Self; 13] = [
        Self::Exact,
        Self::Short,
        Self::Excess,
        Self::Split,
        Self::Twice,
        Self::Batch,
        Self::Reorganised,
        Self::Replaced,
        Self::WrongToken,
        Self::WrongNetwork,
        Self::LookAlike,
        Self::ProviderFault,
        Self::Late,
    ];
}

/// A case that an adapter cannot have as it stands, and the nearest one that it can: that one is played.
pub(super) struct Instead {
    pub(super) adapters: &'static [Adapter],
    pub(super) case: Case,
    /// Why there is no such thing.
    pub(super) reason: &'static str,
    /// What is played.
    pub(super) nearest: &'static str,
}

const BITCOIN: &[Adapter] = &[Adapter::Core, Adapter::Esplora];
const EVM: &[Adapter] = &[Adapter::Tokens, Adapter::Coins];

/// All of them. What is not among these is played as it stands, on every adapter.
pub(super) const INSTEAD: &[Instead] = &[
    Instead {
        adapters: BITCOIN,
        case: Case::WrongToken,
        reason: "an output is worth bitcoins and nothing else: the chain has no tokens of its own",
        nearest: "a token that a note beside the output claims: the output's coins count, the note does not",
    },
    Instead {
        adapters: BITCOIN,
        case: Case::WrongNetwork,
        reason: "no other network has these addresses, so that nobody looks for them there",
        nearest: "the same script is paid on another chain of the family that the shop also reads: nothing is seen",
    },
    Instead {
        adapters: EVM,
        case: Case::Replaced,
        reason: "the mempool of an EVM chain is not read: what was replaced while it waited was never seen",
        nearest: "the same nonce is sent twice before a block: the shop hears of the second one only; of replaced \
                  blocks see evm_reorganisations",
    },
    Instead {
        adapters: &[Adapter::Simulated],
        case: Case::LookAlike,
        reason: "a simulated chain has outputs and no scripts, contracts or logs that could deceive",
        nearest: "addresses that differ in one bit or in their length",
    },
    Instead {
        adapters: &[Adapter::Simulated],
        case: Case::ProviderFault,
        reason: "there is no wire between the chain and its adapter",
        nearest: "the provider is switched off, or behind",
    },
];

/// What stands for a case on an adapter, where it cannot be as it stands.
pub(super) fn instead(adapter: Adapter, case: Case) -> Option<&'static Instead> {
    INSTEAD.iter().find(|instead| instead.case == case && instead.adapters.contains(&adapter))
}

/// Plays every case on one chain, one after the other.
pub(super) async fn play<C: Chain>(mut chain: C) {
    for case in Case::ALL {
        println!("{:?} over {:?}", case, chain.adapter());
        match case {
            Case::Exact => exact(&mut chain).await,
            Case::Short => short(&mut chain).await,
            Case::Excess => excess(&mut chain).await,
            Case::Split => split(&mut chain).await,
            Case::Twice => twice(&mut chain).await,
            Case::Batch => batch(&mut chain).await,
            Case::Reorganised => reorganised(&mut chain).await,
            Case::Replaced => replaced(&mut chain).await,
            Case::WrongToken => wrong_token(&mut chain).await,
            Case::WrongNetwork => wrong_network(&mut chain).await,
            Case::LookAlike => look_alike(&mut chain).await,
            Case::ProviderFault => provider_fault(&mut chain).await,
            Case::Late => late(&mut chain).await,
        }
    }
    chain.counter().ledger_is_whole().await;
}

const PAID: &str = "created payment_detected confirming paid";

async fn sell<C: Chain>(chain: &C) -> Invoice {
    chain.counter().create(&chain.price()).await
}

/// Mines, and scans.
async fn mine<C: Chain>(chain: &mut C, blocks: u64) {
    chain.mine(blocks).await;
    chain.counter().scan().await;
}

/// The shop looks when it is mined, and when it is final.
async fn until_final<C: Chain>(chain: &mut C) {
    mine(chain, 1).await;
    mine(chain, CONFIRMATIONS - 1).await;
}

/// What the shop sees: status, payments with their units, and what it was told.
async fn sees<C: Chain>(chain: &C, invoice: &Invoice, status: Status, payments: &[(&str, u128)], told: &str) {
    let counter = chain.counter();
    let expected: Vec<_> = payments.iter().map(|(status, units)| ((*status).to_owned(), *units)).collect();
    assert_eq!(counter.payments(invoice).await, expected);
    assert_eq!(counter.status(invoice).await, status);
    assert_eq!(counter.events(invoice).await, told);
}

/// The whole amount is paid now, and final: the valid twin of a case that must count nothing.
async fn is_paid_by<C: Chain>(chain: &mut C, invoice: &Invoice, units: u128) {
    chain.send(invoice, units).await;
    until_final(chain).await;
    assert_eq!(chain.counter().status(invoice).await, Status::Paid);
    let told = chain.counter().events(invoice).await;
    assert!(told.ends_with(" paid"), "{told}");
}

async fn exact<C: Chain>(chain: &mut C) {
    let (invoice, due) = (sell(chain).await, chain.due());
    chain.send(&invoice, due).await;
    chain.counter().scan().await;
    if instead(chain.adapter(), Case::Replaced).is_none() {
        sees(chain, &invoice, Status::Confirming, &[("detected", due)], "created payment_detected confirming").await;
    } else {
        sees(chain, &invoice, Status::Pending, &[], "created").await;
    }
    mine(chain, 1).await;
    for _ in 1..CONFIRMATIONS {
        sees(chain, &invoice, Status::Confirming, &[("confirming", due)], "created payment_detected confirming").await;
        mine(chain, 1).await;
    }
    sees(chain, &invoice, Status::Paid, &[("confirmed", due)], PAID).await;
}

/// One unit is missing, or half of it until the payer sends the rest.
async fn short<C: Chain>(chain: &mut C) {
    let (unit, half, due) = (sell(chain).await, sell(chain).await, chain.due());
    chain.send(&unit, due - 1).await;
    chain.send(&half, due / 2).await;
    until_final(chain).await;
    let told = "created payment_detected confirming";
    sees(chain, &unit, Status::Underpaid, &[("confirmed", due - 1)], told).await;
    sees(chain, &half, Status::Underpaid, &[("confirmed", due / 2)], told).await;
    is_paid_by(chain, &half, due / 2).await;
}

async fn excess<C: Chain>(chain: &mut C) {
    let (invoice, due) = (sell(chain).await, chain.due());
    chain.send(&invoice, due + due / 2).await;
    until_final(chain).await;
    let told = "created payment_detected confirming overpaid";
    sees(chain, &invoice, Status::Overpaid, &[("confirmed", due + due / 2)], told).await;
}

/// The last part comes when the first is final.
async fn split<C: Chain>(chain: &mut C) {
    let (invoice, due) = (sell(chain).await, chain.due());
    chain.send(&invoice, 1000).await;
    chain.send(&invoice, due - 3000).await;
    until_final(chain).await;
    chain.send(&invoice, 2000).await;
    until_final(chain).await;
    let parts = [1000, due - 3000, 2000].map(|units| ("confirmed", units));
    let told = "created payment_detected payment_detected confirming payment_detected confirming paid";
    sees(chain, &invoice, Status::Paid, &parts, told).await;
}

/// Before the first is final it is too much; after it, it is late.
async fn twice<C: Chain>(chain: &mut C) {
    let (invoice, patient, due) = (sell(chain).await, sell(chain).await, chain.due());
    chain.send(&invoice, due).await;
    chain.send(&invoice, due).await;
    chain.send(&patient, due).await;
    until_final(chain).await;
    let both = [("confirmed", due); 2];
    let told = "created payment_detected payment_detected confirming overpaid";
    sees(chain, &invoice, Status::Overpaid, &both, told).await;
    sees(chain, &patient, Status::Paid, &[("confirmed", due)], PAID).await;
    chain.wait(1).await;
    chain.send(&patient, due).await;
    until_final(chain).await;
    sees(
        chain,
        &patient,
        Status::Paid,
        &both,
        "created payment_detected confirming paid payment_detected late_deposit",
    )
    .await;
}

/// As exchanges pay: one transaction, several invoices, one of them twice.
async fn batch<C: Chain>(chain: &mut C) {
    let (first, second, due) = (sell(chain).await, sell(chain).await, chain.due());
    chain.send_to_each(&[&first, &second, &first], due / 2).await;
    until_final(chain).await;
    let halves = [("confirmed", due / 2); 2];
    sees(chain, &first, Status::Paid, &halves, "created payment_detected payment_detected confirming paid").await;
    let told = "created payment_detected confirming";
    sees(chain, &second, Status::Underpaid, &halves[..1], told).await;
    is_paid_by(chain, &second, due / 2).await;
}

/// Not yet final, and beyond finality.
async fn reorganised<C: Chain>(chain: &mut C) {
    for (depth, again) in [(1, Again::SameHeight), (CONFIRMATIONS + 1, Again::Higher)] {
        let is_final = depth >= CONFIRMATIONS;
        let (kept, lost, due) = (sell(chain).await, sell(chain).await, chain.due());
        let (keeps, loses) = (chain.send(&kept, due).await, chain.send(&lost, due).await);
        mine(chain, depth).await;
        let before = if is_final { Status::Paid } else { Status::Confirming };
        assert_eq!(chain.counter().status(&lost).await, before);
        let was = chain.counter().read(kept.id).await.payments[0].clone();

        chain.reorganise(depth, (&keeps, again), &loses).await;
        chain.counter().scan().await;
        let now = chain.counter().read(kept.id).await.payments[0].clone();
        assert_eq!((&now.key, now.first_seen), (&was.key, was.first_seen), "the same payment");
        assert_ne!(now.block, was.block, "in another block");
        assert_eq!(chain.counter().status(&kept).await, Status::Confirming);
        let reversed = if is_final { "paid deposit_reversed" } else { "payment_dropped" };
        let told = format!("created payment_detected confirming {reversed}");
        sees(chain, &lost, Status::Pending, &[("reversed", due)], &told).await;

        assert_eq!(chain.counter().is_alarmed(chain.id()).await, is_final, "an alarm beyond finality, and only there");
        chain.counter().gateway.resume_credits(chain.id()).await.unwrap();
        until_final(chain).await;
        let told = if is_final { format!("{PAID} confirming paid") } else { PAID.to_owned() };
        sees(chain, &kept, Status::Paid, &[("confirmed", due)], &told).await;
        sees_reversed_only(chain, &lost).await;
        is_paid_by(chain, &lost, due).await;
    }
}

async fn sees_reversed_only<C: Chain>(chain: &C, invoice: &Invoice) {
    assert_eq!(chain.counter().payments(invoice).await, [("reversed".to_owned(), chain.due())]);
    assert_eq!(chain.counter().status(invoice).await, Status::Pending);
}

/// By one that pays somebody else, and by one that still pays.
async fn replaced<C: Chain>(chain: &mut C) {
    let (lost, other, kept, due) = (sell(chain).await, sell(chain).await, sell(chain).await, chain.due());
    let sees_mempool = instead(chain.adapter(), Case::Replaced).is_none();
    let loses = chain.send(&lost, due).await;
    chain.counter().scan().await;
    chain.replace(&loses, &other, due).await;
    let keeps = chain.send(&kept, due).await;
    chain.counter().scan().await;
    chain.replace(&keeps, &kept, due).await;
    until_final(chain).await;
    if sees_mempool {
        let told = "created payment_detected confirming payment_dropped";
        sees(chain, &lost, Status::Pending, &[("reversed", due)], told).await;
        let counted_once = [("reversed", due), ("confirmed", due)];
        assert_eq!(chain.counter().status(&kept).await, Status::Paid);
        let payments = chain.counter().payments(&kept).await;
        assert_eq!(payments, counted_once.map(|(status, units)| (status.to_owned(), units)));
    } else {
        sees(chain, &lost, Status::Pending, &[], "created").await;
        sees(chain, &kept, Status::Paid, &[("confirmed", due)], PAID).await;
    }
    sees(chain, &other, Status::Paid, &[("confirmed", due)], PAID).await;
    is_paid_by(chain, &lost, due).await;
}

async fn wrong_token<C: Chain>(chain: &mut C) {
    let invoice = sell(chain).await;
    let seen = chain.send_wrong_token(&invoice).await;
    let is_usual = instead(chain.adapter(), Case::WrongToken).is_none();
    assert_eq!(is_usual, matches!(seen, Seen::Rejected(_)), "{seen:?}");
    sees_and_is_paid(chain, &invoice, seen).await;
}

async fn wrong_network<C: Chain>(chain: &mut C) {
    let invoice = sell(chain).await;
    let seen = chain.send_on_wrong_network(&invoice).await;
    let is_usual = instead(chain.adapter(), Case::WrongNetwork).is_none();
    assert_eq!(is_usual, matches!(seen, Seen::Rejected(_)), "{seen:?}");
    sees_and_is_paid(chain, &invoice, seen).await;
}

async fn look_alike<C: Chain>(chain: &mut C) {
    let invoice = sell(chain).await;
    chain.send_look_alikes(&invoice).await;
    sees_and_is_paid(chain, &invoice, Seen::Nothing).await;
}

/// What was sent in vain is seen as it should be, and what is missing still pays.
async fn sees_and_is_paid<C: Chain>(chain: &mut C, invoice: &Invoice, seen: Seen) {
    until_final(chain).await;
    let counted = match seen {
        Seen::Nothing => {
            sees(chain, invoice, Status::Pending, &[], "created").await;
            0
        }
        Seen::Rejected(units) => {
            sees(chain, invoice, Status::Pending, &[("rejected", units)], "created deposit_rejected").await;
            let rejection = chain.counter().read(invoice.id).await.payments[0].rejection.unwrap();
            assert_eq!(rejection.as_str(), "wrong_asset");
            0
        }
        Seen::Counted(units) => {
            let told = "created payment_detected confirming";
            sees(chain, invoice, Status::Underpaid, &[("confirmed", units)], told).await;
            units
        }
    };
    is_paid_by(chain, invoice, chain.due() - counted).await;
}

/// While it lasts nothing changes that should not; after it every payment is there, told once.
async fn provider_fault<C: Chain>(chain: &mut C) {
    let due = chain.due();
    for trouble in chain.troubles() {
        let is_harmless = trouble.is_harmless();
        let (before, during) = (sell(chain).await, sell(chain).await);
        chain.send(&before, due).await;
        mine(chain, 1).await;
        chain.set(trouble);
        chain.send(&during, due).await;
        chain.mine(1).await;
        let scanned = chain.counter().gateway.scan_to_tip(chain.id()).await;
        let seen = chain.counter().gateway.chain(chain.id()).unwrap();
        let is_behind = seen.head() < seen.cursor();
        assert_eq!(seen.trouble().is_some(), scanned.is_err() || is_behind, "{scanned:?}");
        let status = chain.counter().status(&during).await;
        let is_unseen = status == Status::Pending && chain.counter().payments(&during).await.is_empty();
        assert!(is_unseen || (is_harmless && status == Status::Confirming), "{status:?} by {scanned:?}");
        let told = "created payment_detected confirming";
        sees(chain, &before, Status::Confirming, &[("confirming", due)], told).await;
        chain.heal();
        chain.counter().scan().await;
        assert!(chain.counter().gateway.chain(chain.id()).unwrap().trouble().is_none());
        until_final(chain).await;
        for invoice in [&before, &during] {
            sees(chain, invoice, Status::Paid, &[("confirmed", due)], PAID).await;
        }
    }
}

async fn late<C: Chain>(chain: &mut C) {
    let (invoice, due) = (sell(chain).await, chain.due());
    let window = invoice.deadline.unwrap().seconds_since(chain.counter().gateway.clocks().real());
    chain.wait(window + 60).await;
    chain.counter().expire().await;
    assert_eq!(chain.counter().status(&invoice).await, Status::Pending, "nobody has looked beyond the deadline");
    mine(chain, 1).await;
    chain.counter().expire().await;
    sees(chain, &invoice, Status::Expired, &[], "created expired").await;
    chain.send(&invoice, due).await;
    until_final(chain).await;
    let told = "created expired payment_detected late_deposit";
    sees(chain, &invoice, Status::Expired, &[("confirmed", due)], told).await;
}
