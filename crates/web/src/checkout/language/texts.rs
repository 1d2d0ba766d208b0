//! Every text of the payer's page that is not a value: one field each, so that a language cannot lack one.
//!
//! `{name}` stands for a value. Plain text: the templates escape it.

/// What holds a value apart from text of another direction (Unicode: FIRST STRONG ISOLATE, POP DIRECTIONAL ISOLATE).
const ISOLATE: [char; 2] = ['\u{2068}', '\u{2069}'];

/// Declares the texts once, as fields and, for tests, as a list.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// The texts of the page in one language.
        pub(crate) struct Texts {
            /// The language's tag.
            pub(crate) tag: &'static str,
            /// The language's name in itself.
            pub(crate) own_name: &'static str,
            /// Whether it is written from right to left.
            pub(crate) is_rtl: bool,
            $($(#[$doc])* pub(crate) $name: &'static str,)*
        }

        #[cfg(test)]
        impl Texts {
            /// Every text with its field's name.
            pub(crate) fn all(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($name), self.$name),)*]
            }
        }
    };
}

texts! {
    /// The word for the selector of languages.
    language,
    /// While the page cannot be brought up to date.
    offline,
    /// Between a coin and its network.
    on,
    /// The button beside the amount and the address.
    copy,
    /// The same button for a moment after it was pressed.
    copied,
    /// What the button does, for who hears it.
    copy_amount,
    /// What the other button does, for who hears it.
    copy_address,
    /// The part with code and address, for who hears it.
    where_to_pay,
    /// The code, for who hears it.
    qr,
    /// Before the coin and network.
    send_only,
    /// After them.
    to_this_address,
    /// The address, for who hears it.
    address_on,
    /// For those whose exchange takes its fee out of what it sends.
    from_exchange,
    /// The link to a wallet on the same device.
    open_in_wallet,
    /// Before the countdown.
    time_left,
    /// A long time left.
    days,
    /// What happens at its end.
    then_rate,
    /// What happens at its end.
    then_end,
    /// The button for a new amount.
    renew,
    /// The button where there is one way to pay.
    start,
    /// The choice, for who hears it.
    coin_and_network,
    /// The choice after one was made.
    other_coin,
    /// Where no coin is on sale now.
    nothing_to_choose,
    /// Above coins that live on one network.
    coins,
    /// Before the shop's host.
    return_to,
    /// The button where the payer may.
    cancel,
    /// Above the payments.
    payments_found,
    /// What unfolds the details.
    details,
    /// Before the invoice's id.
    invoice,
    /// The bar, for who hears it.
    confirmations,
    /// Above the rest.
    still_due,
    /// Above what is asked for.
    amount_due,
    /// Above the amount when nothing is asked for.
    amount,
    /// Above a price that is not in a coin yet.
    price,
    /// Before an estimate in money of a state.
    about,
    /// In the details.
    rate,
    /// The rate's time.
    rate_of,
    /// In the details.
    network,
    /// In the details.
    token_contract,
    /// In the details.
    address,
    /// In the details.
    created,
    /// A payment's state.
    seen,
    /// A payment's state.
    confirming,
    /// A payment's state.
    confirmed,
    /// A payment's state.
    late,
    /// A payment's state.
    gone,
    /// A payment's state.
    not_accepted,
    /// Money that does not count.
    rejected_note,
    /// Money that came late.
    late_note,
    /// Money that was seen and vanished, while money is asked for.
    gone_note,
    /// A wait.
    short_wait,
    /// A wait of two minutes and more.
    wait,
    /// One way to pay, not started.
    ready_head,
    /// Below it.
    ready,
    /// No coin yet.
    choosing_head,
    /// Below it.
    choosing,
    /// Nothing seen.
    waiting_head,
    /// The rate is over.
    lapsed_head,
    /// Below it.
    lapsed,
    /// The window is over.
    checking_head,
    /// Below it.
    checking,
    /// In the mempool.
    seen_head,
    /// Below it, with nothing missing.
    seen_enough,
    /// Below it, with something missing.
    waits_first,
    /// In a block.
    confirming_head,
    /// Below it, with nothing missing.
    confirming_enough,
    /// Below it, with something missing.
    has_confirmations,
    /// All is well.
    paid_head,
    /// Below it.
    paid,
    /// More than asked for.
    overpaid_head,
    /// Below it.
    overpaid,
    /// Short, with time left.
    part_head,
    /// Below it.
    received,
    /// Below it.
    pay_the_rest,
    /// Short, and over.
    short_head,
    /// Below it.
    short,
    /// Over.
    expired_head,
    /// Below it.
    expired,
    /// Over, and money came.
    late_head,
    /// Below it.
    late_text,
    /// A draft that nobody started.
    never_started,
    /// Cancelled.
    cancelled_head,
    /// Below it.
    cancelled,
    /// Marked invalid.
    invalid_head,
    /// Below it.
    invalid,
    /// The way back from a message.
    back_to_invoice,
    /// No such page.
    unknown_head,
    /// Below it.
    unknown,
    /// The store cannot be read.
    unavailable_head,
    /// Below it.
    unavailable,
    /// An address that is not the invoice's own.
    wrong_head,
    /// Below it.
    wrong,
    /// A form from another site.
    elsewhere_head,
    /// Below it.
    elsewhere,
    /// More than is answered.
    too_many_head,
    /// Below it.
    too_many,
    /// A form that says nothing known.
    unreadable_head,
    /// Below it.
    unreadable,
    /// What the invoice does not allow now.
    refused_head,
    /// Below that: the limit of choices.
    chosen_too_often,
    /// Below that: somebody else was faster.
    has_changed,
    /// Below that: no address or rate for the coin.
    not_available,
}

impl Texts {
    /// The direction of writing, as `dir` takes it.
    pub(crate) const fn direction(&self) -> &'static str {
        if self.is_rtl { "rtl" } else { "ltr" }
    }

    /// A text with its values put in. What is no known value's name stays as it is.
    pub(crate) fn fill(&self, text: &str, values: &[(&str, &str)]) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let found = after.split_once('}').and_then(|(name, after)| {
                values.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value, after))
            });
            match found {
                Some((value, after)) => {
                    filled.push_str(value);
                    rest = after;
                }
                None => {
                    filled.push('{');
                    rest = after;
                }
            }
        }
        filled.push_str(rest);
        filled
    }

    /// A value as it stands in a sentence of the other direction, in one piece: `25 USDT`.
    pub(crate) fn apart(&self, value: String) -> String {
        let [open, close] = ISOLATE;
        if self.is_rtl { format!("{open}{value}{close}") } else { value }
    }
}
