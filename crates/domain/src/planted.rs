//! Bugs that the simulation plants into the real code, to see that it finds each of them.
//!
//! None is ever on in the program: without the feature `planted`, which only the simulation's own runs ask for, [`is`] is
//! `false` at compile time and nothing of a bug is compiled.

/// A bug that can be planted. Its docs say what the code does then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bug {
    /// A deposit adds twice to what its permanent address received.
    DepositsAddTwice,
    /// A permanent address has received what is merely seen.
    ReceivedBeforeFinal,
    /// Money is final as soon as it is in a block.
    CreditsAtOnce,
    /// Money that left the mempool for nothing stays.
    ReplacedStays,
    /// A payment is known by its transaction alone.
    KeyOnTransactionOnly,
    /// A payment that is back after a reorganisation counts once more.
    ReincludedCountsAgain,
    /// A process that starts again watches nothing that it had handed out.
    ForgottenAddresses,
    /// The cursor moves in a transaction before the rows that it passes.
    CursorBeforeRows,
    /// A provider that has not seen a range is taken to have found nothing in it.
    LaggingTakenForEmpty,
    /// What cannot be recorded when it is seen is forgotten.
    NothingSetAside,
    /// Addresses are handed out from index 0 again.
    IndexFromZero,
    /// An address is shown as the row has it.
    AddressNotDerived,
    /// A decision is answered before its commit.
    AckBeforeCommit,
    /// A commit that failed is taken for done.
    AcksUnknown,
    /// An idempotency key answers any request.
    NoFingerprint,
    /// An idempotency key is not kept.
    KeyNotKept,
    /// A window is over at its deadline, whatever was scanned.
    ExpiryIgnoresScan,
    /// What is stored of a standing is the one before.
    StaleStanding,
    /// An invoice is changed at the clock's time, though it was settled later already.
    ClockGoesBack,
    /// The tolerance counts twice.
    TwiceTheTolerance,
    /// The creation is told in a second transaction.
    EventInSecondTransaction,
    /// Two events at once take three numbers.
    SequenceGap,
    /// Another attempt renders the body again.
    BodyRenderedAgain,
    /// A delivery is written down before it is sent.
    DeliveredBeforeSent,
    /// A callback that was taken overtakes none before it.
    NothingOvertaken,
    /// What a reorganisation took stays.
    ReorgWithoutReversal,
    /// What a reorganisation took is not told.
    ReversalUntold,
    /// Events go to every shop's endpoints.
    OtherOwnersEndpoint,
    /// An invoice is found by its id alone.
    AnyOwner,
    /// What a dialect's name means is looked up without its owner.
    NameOfAnyOwner,
    /// The permanent address that a key took is looked up without its owner.
    KeyOfAnyOwner,
    /// A deposit is told to whoever first took a permanent address under the same reference.
    DepositToldByReference,
    /// Callbacks go to whoever first got a credential of their dialect.
    OtherOwnersCallback,
    /// One endpoint is served in each turn: the one that was due first.
    OneEndpointATurn,
    /// A due made by a rate is rounded down.
    RoundsDueDown,
    /// Amounts are read into 64 bits.
    CutsTo64Bits,
}

impl Bug {
    /// Every bug, with the number of the invariant that it breaks (`docs/reliability.md`).
    pub const ALL: [(Self, u8); 36] = [
        (Self::DepositsAddTwice, 1),
        (Self::ReceivedBeforeFinal, 1),
        (Self::CreditsAtOnce, 2),
        (Self::ReplacedStays, 2),
        (Self::KeyOnTransactionOnly, 3),
        (Self::ReincludedCountsAgain, 3),
        (Self::ForgottenAddresses, 4),
        (Self::CursorBeforeRows, 4),
        (Self::LaggingTakenForEmpty, 4),
        (Self::NothingSetAside, 4),
        (Self::IndexFromZero, 5),
        (Self::AddressNotDerived, 5),
        (Self::AckBeforeCommit, 6),
        (Self::AcksUnknown, 6),
        (Self::NoFingerprint, 7),
        (Self::KeyNotKept, 7),
        (Self::ExpiryIgnoresScan, 8),
        (Self::StaleStanding, 8),
        (Self::ClockGoesBack, 8),
        (Self::TwiceTheTolerance, 8),
        (Self::EventInSecondTransaction, 9),
        (Self::SequenceGap, 9),
        (Self::BodyRenderedAgain, 9),
        (Self::DeliveredBeforeSent, 9),
        (Self::NothingOvertaken, 9),
        (Self::ReorgWithoutReversal, 10),
        (Self::ReversalUntold, 10),
        (Self::OtherOwnersEndpoint, 11),
        (Self::AnyOwner, 11),
        (Self::NameOfAnyOwner, 11),
        (Self::KeyOfAnyOwner, 11),
        (Self::DepositToldByReference, 11),
        (Self::OtherOwnersCallback, 11),
        (Self::OneEndpointATurn, 11),
        (Self::RoundsDueDown, 12),
        (Self::CutsTo64Bits, 12),
    ];
}

#[cfg(feature = "planted")]
mod planting {
    use super::Bug;
    use core::cell::Cell;

    std::thread_local! {
        static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Whether the bug is planted into this thread's runs.
    #[must_use]
    pub fn is(bug: Bug) -> bool {
        PLANTED.get() == Some(bug)
    }

    /// Plants a bug into what this thread runs from now on, or none.
    pub fn plant(bug: Option<Bug>) {
        PLANTED.set(bug);
    }
}

#[cfg(feature = "planted")]
pub use planting::{is, plant};

/// Whether the bug is planted: never, here.
#[cfg(not(feature = "planted"))]
#[must_use]
pub const fn is(_: Bug) -> bool {
    false
}

#[cfg(all(test, not(feature = "planted")))]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_planted_unless_it_is_asked_for() {
        const NONE: bool = !is(Bug::CreditsAtOnce) && !is(Bug::AckBeforeCommit);
        const { assert!(NONE, "decided at compile time") };
        assert!(Bug::ALL.iter().all(|(bug, _)| !is(*bug)));
    }
}
