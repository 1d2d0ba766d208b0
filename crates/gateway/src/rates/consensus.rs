//! What several sources' prices come to: their middle without outliers, or nothing. Pure.
//!
//! A sale is refused rather than priced by a guess. Several sources must agree; a single one is believed when it continues what
//! was agreed before or, before anything was, when it is at least of the right size.

use super::{price::Price, roughly};
use farthing_domain::time::Timestamp;

/// How far a price may be from the middle before it is left out, in basis points.
const OUTLIER: u32 = 500;
/// How far two prices may be apart where there are only two, in basis points.
const PAIR: u32 = 200;
/// How far a single price may be from what was agreed before, in basis points; and, for each hour that it stands alone, from
/// what several last agreed on.
const JUMP: u32 = 1000;
/// For how long what was agreed before is compared with, in seconds.
const REMEMBERED_SECONDS: i64 = 3600;
/// How many times more or less than the offline table a single price may be, before anything was agreed. An inverted or
/// thousandfold price is further away, for all but coins near a dollar.
const SIZE: u32 = 20;
/// How far a stablecoin may be from its dollar, in basis points.
const PEG: u32 = 500;

/// One source's price of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) source: &'static str,
    pub(super) price: Price,
    pub(super) at: Timestamp,
}

/// What was agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Agreed {
    pub(super) price: Price,
    /// Of the oldest price in it.
    pub(super) at: Timestamp,
    pub(super) sources: Vec<&'static str>,
    /// What several sources last agreed on, and when: whoever is left alone is measured by that and not by its own word.
    pub(super) by_several: Option<(Price, Timestamp)>,
}

/// What young prices of a symbol come to. `before` is what was agreed last, however long ago.
pub(super) fn agree(
    symbol: &str,
    mut seen: Vec<Seen>,
    before: Option<&Agreed>,
    now: Timestamp,
) -> Result<Agreed, String> {
    seen.sort_by(|a, b| a.price.cmp(&b.price));
    let kept = match seen.as_slice() {
        [] => return Err("no source tells a current price".to_owned()),
        [single] => {
            continues(symbol, single, before, now)?;
            seen
        }
        [low, high] => {
            if !low.price.is_near(&high.price, PAIR) {
                return Err(format!("{} and {} disagree", low.source, high.source));
            }
            seen
        }
        _ => {
            let middle = median(&seen).ok_or("there is no middle")?;
            let near: Vec<Seen> = seen.into_iter().filter(|one| one.price.is_near(&middle, OUTLIER)).collect();
            match near.as_slice() {
                [] | [_] => return Err("the sources disagree".to_owned()),
                // The others are left out: what remains is a pair, and is believed as one.
                [low, high] if !low.price.is_near(&high.price, PAIR) => {
                    return Err(format!("{} and {} disagree, and the others more", low.source, high.source));
                }
                _ => near,
            }
        }
    };
    let price = median(&kept).ok_or("there is no middle")?;
    if is_stablecoin(symbol) && !price.is_near(&Price::one(), PEG) {
        return Err("it has lost its peg to the dollar".to_owned());
    }
    let at = kept.iter().map(|one| one.at).min().unwrap_or(now);
    let by_several = match kept.as_slice() {
        [_] => before.and_then(|before| before.by_several.clone()),
        _ => Some((price.clone(), at)),
    };
    Ok(Agreed { price, at, sources: kept.iter().map(|one| one.source).collect(), by_several })
}

/// Of an even number, the middle between the two in the middle.
fn median(sorted: &[Seen]) -> Option<Price> {
    let upper = sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper.price.clone());
    }
    let lower = sorted.get((sorted.len() / 2).checked_sub(1)?)?;
    Some(lower.price.midpoint(&upper.price))
}

fn continues(symbol: &str, single: &Seen, before: Option<&Agreed>, now: Timestamp) -> Result<(), String> {
    let remembered = before.filter(|before| now.seconds_since(before.at) <= REMEMBERED_SECONDS);
    // A source that moves a little each time would be anywhere soon.
    let has_strayed = before.and_then(|before| before.by_several.as_ref()).map(|(price, at)| {
        let hours = now.seconds_since(*at).checked_div(REMEMBERED_SECONDS).and_then(|hours| u32::try_from(hours).ok());
        !single.price.is_near(price, JUMP.saturating_mul(hours.unwrap_or_default().saturating_add(1)))
    });
    let is_plausible = match (remembered, has_strayed) {
        (_, Some(true)) => false,
        (Some(before), _) => single.price.is_near(&before.price, JUMP),
        (None, Some(false)) => true,
        (None, None) => {
            roughly(symbol).and_then(Price::of).is_some_and(|rough| single.price.is_within_factor(&rough, SIZE))
        }
    };
    if is_plausible {
        Ok(())
    } else {
        Err(format!("{} stands alone with a price that is not plausible", single.source))
    }
}

fn is_stablecoin(symbol: &str) -> bool {
    matches!(symbol, "USDT" | "USDC")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const SOURCES: [&str; 5] = ["a", "b", "c", "d", "e"];

    fn seen(prices: &[&str]) -> Vec<Seen> {
        let one = |(price, source): (&&str, &'static str)| Seen { source, price: Price::read(price).unwrap(), at: NOW };
        prices.iter().zip(SOURCES).map(one).collect()
    }

    fn priced(symbol: &str, prices: &[&str], before: Option<&str>) -> Option<String> {
        let before = before.map(|price| Agreed {
            price: Price::read(price).unwrap(),
            at: NOW,
            sources: vec!["a"],
            by_several: None,
        });
        let agreed = agree(symbol, seen(prices), before.as_ref(), NOW).ok()?;
        Some(agreed.price.decimal().unwrap().to_string())
    }

    #[test]
    fn prices_agree_on_their_middle_without_outliers() {
        let cases: [(&[&str], Option<&str>); 11] = [
            (&["60000", "60100", "60200"], Some("60100")),
            (&["60000", "60100", "60200000"], Some("60050")),
            (&["60000", "60100", "0.0000166"], Some("60050")),
            (&["60000", "60100"], Some("60050")),
            (&["60000", "70000"], None),
            (&["60000", "60000000"], None),
            (&["50000", "60000", "70000"], None),
            (&["60000", "62900", "1"], None),
            (&["60000", "61000", "1"], Some("60500")),
            (&["1", "60000", "60100", "60200", "900000"], Some("60100")),
            (&[], None),
        ];
        for (prices, wanted) in cases {
            assert_eq!(priced("BTC", prices, None).as_deref(), wanted, "{prices:?}");
        }
    }

    #[test]
    fn a_single_source_prices_when_it_continues_what_was_agreed_or_is_of_the_right_size() {
        assert_eq!(priced("BTC", &["61000"], Some("60000")).as_deref(), Some("61000"));
        assert_eq!(priced("BTC", &["70000"], Some("60000")), None);
        assert_eq!(priced("BTC", &["90000"], None).as_deref(), Some("90000"));
        for wrong in ["60000000", "0.0000166", "60", "1"] {
            assert_eq!(priced("BTC", &[wrong], None), None, "{wrong}");
        }
        assert_eq!(priced("XYZ", &["1"], None), None, "nothing is known of it");
    }

    #[test]
    fn a_source_that_is_left_alone_cannot_lead_the_price_away_step_by_step() {
        let mut agreed = agree("BTC", seen(&["60000", "60100"]), None, NOW).unwrap();
        let (mut refused, mut now) = (0, NOW);
        let alone =
            |price: u64, now| vec![Seen { source: "a", price: Price::read(&price.to_string()).unwrap(), at: now }];
        let mut price = 60_000_u64;
        for _ in 0..20 {
            now = now.plus_seconds(60);
            match agree("BTC", alone(price.saturating_add(price / 20), now), Some(&agreed), now) {
                Ok(next) => (agreed, price) = (next, price.saturating_add(price / 20)),
                Err(_) => refused += 1,
            }
        }
        assert_eq!((price, refused), (63_000, 19), "one step of five hundredths, and no second one");
        // A market that falls for hours is followed, if not at once; and others put an end to it.
        let later = now.plus_seconds(4 * 3600);
        assert!(agree("BTC", alone(75_000, later), Some(&agreed), later).is_ok());
        assert!(agree("BTC", alone(600_000, later), Some(&agreed), later).is_err(), "after any time");
        let mut several = seen(&["80000", "80100"]);
        several.iter_mut().for_each(|one| one.at = later);
        let agreed = agree("BTC", several, Some(&agreed), later).unwrap();
        assert_eq!(agreed.by_several, Some((Price::read("80050").unwrap(), later)));
    }

    #[test]
    fn a_stablecoin_that_lost_its_peg_is_not_priced() {
        assert_eq!(priced("USDT", &["0.999", "1", "1.001"], None).as_deref(), Some("1"));
        assert_eq!(priced("USDT", &["0.8", "0.81", "0.8"], None), None);
    }
}
