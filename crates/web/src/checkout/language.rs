//! The languages of the payer's page: which one a payer reads, and every text of the page in it.
//!
//! The texts are data; nothing here decides when one is shown. The panel of test invoices stays in English, for developers.

mod arabic;
mod english;
mod french;
mod german;
mod portuguese;
mod spanish;
pub(super) mod texts;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, Uri, header, request::Parts},
};
use std::convert::Infallible;
use texts::Texts;

/// The longest `Accept-Language` that is read, in languages.
const WISHES_MAX: usize = 20;
/// A wish's weight without a `q`, in thousandths.
const WHOLE: u32 = 1000;

/// A language that the page is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Language {
    /// The language of whoever wishes for none of the others.
    English,
    /// With the polite address, as all others.
    German,
    /// Of no country in particular.
    Spanish,
    /// Of no country in particular.
    French,
    /// Nearer to Brazil's.
    Portuguese,
    /// Standard Arabic, from right to left.
    Arabic,
}

impl Language {
    /// All, in the order of the selector.
    pub(super) const ALL: [Self; 6] =
        [Self::English, Self::German, Self::Spanish, Self::French, Self::Portuguese, Self::Arabic];

    /// Its tag (BCP 47), as `lang` takes it.
    pub(super) const fn tag(self) -> &'static str {
        self.texts().tag
    }

    /// Its texts.
    pub(super) const fn texts(self) -> &'static Texts {
        match self {
            Self::English => &english::TEXTS,
            Self::German => &german::TEXTS,
            Self::Spanish => &spanish::TEXTS,
            Self::French => &french::TEXTS,
            Self::Portuguese => &portuguese::TEXTS,
            Self::Arabic => &arabic::TEXTS,
        }
    }

    /// The language of a tag such as `pt-BR`, by its first part.
    fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// The most wished for (RFC 9110, section 12.5.4) of those there are; of equal wishes the first.
    fn wished(accept_language: &str) -> Option<Self> {
        let wishes = accept_language.split(',').take(WISHES_MAX).filter_map(|wish| {
            let (tag, weight) = wish.split_once(';').unwrap_or((wish, ""));
            let language = Self::of_tag(tag.trim())?;
            Some((language, thousandths(weight.trim())?)).filter(|(_, weight)| *weight > 0)
        });
        let best = wishes.reduce(|best, next| if next.1 > best.1 { next } else { best });
        best.map(|(language, _)| language)
    }
}

/// `q=0.8` in thousandths; `None` for what is no weight.
fn thousandths(weight: &str) -> Option<u32> {
    if weight.is_empty() {
        return Some(WHOLE);
    }
    let value = weight.strip_prefix("q=").or_else(|| weight.strip_prefix("Q="))?;
    let (whole, part) = value.split_once('.').unwrap_or((value, ""));
    if part.len() > 3 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match whole {
        "1" => Some(WHOLE),
        "0" => format!("{part:0<3}").parse().ok(),
        _ => None,
    }
}

/// The language that a page is shown in, and whether the payer chose it there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Tongue {
    /// Which.
    pub(super) language: Language,
    is_chosen: bool,
}

impl Tongue {
    /// By the address's `lang`, else by what the browser prefers, else English.
    pub(super) fn of(uri: &Uri, headers: &HeaderMap) -> Self {
        let pairs = uri.query().unwrap_or_default().split('&');
        let chosen = pairs.filter_map(|pair| pair.strip_prefix("lang=")).find_map(Language::of_tag);
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let language = chosen.or_else(|| accepted.and_then(Language::wished)).unwrap_or(Language::English);
        Self { language, is_chosen: chosen.is_some() }
    }

    /// The texts.
    pub(super) const fn texts(self) -> &'static Texts {
        self.language.texts()
    }

    /// What the page's own addresses end with, so that a choice is kept: `?lang=de`, or nothing.
    pub(super) fn query(self) -> String {
        if self.is_chosen { format!("?lang={}", self.language.tag()) } else { String::new() }
    }
}

impl<S: Sync> FromRequestParts<S> for Tongue {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.uri, &parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn tongue(uri: &str, accept_language: &str) -> Tongue {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, accept_language.parse().unwrap());
        Tongue::of(&uri.parse().unwrap(), &headers)
    }

    #[test]
    fn a_page_is_in_the_language_that_the_browser_prefers() {
        for (accepted, language) in [
            ("", Language::English),
            ("*", Language::English),
            ("fi", Language::English),
            ("de-AT,en;q=0.5", Language::German),
            ("en;q=0.5, pt-BR;q=0.9", Language::Portuguese),
            ("fi, ar;q=0.001", Language::Arabic),
            ("fr;q=0, es;q=0.1", Language::Spanish),
            ("FR", Language::French),
            ("de;q=2, fr;q=x, es;q=0.1234, ar;q=0.2", Language::Arabic),
            ("en, de", Language::English),
        ] {
            assert_eq!(tongue("/pay/x", accepted).language, language, "{accepted}");
        }
    }

    #[test]
    fn what_the_payer_chose_on_the_page_goes_before_and_is_kept() {
        let chosen = tongue("/pay/x?a=b&lang=de", "fr");
        assert_eq!((chosen.language, chosen.query().as_str()), (Language::German, "?lang=de"));
        for uri in ["/pay/x", "/pay/x?lang=", "/pay/x?lang=tlh", "/pay/x?lang=%22%3E"] {
            let kept = tongue(uri, "fr");
            assert_eq!((kept.language, kept.query().as_str()), (Language::French, ""), "{uri}");
        }
    }

    #[test]
    fn every_language_says_everything_and_names_the_same_values() {
        let values = |text: &str| -> BTreeSet<String> {
            text.split('{').skip(1).map(|part| part.split('}').next().unwrap().to_owned()).collect()
        };
        let english = english::TEXTS.all();
        for language in Language::ALL {
            let own = language.texts().all();
            assert_eq!(own.len(), english.len());
            for ((name, text), (_, model)) in own.iter().zip(&english) {
                assert!(!text.trim().is_empty(), "{language:?} {name}");
                assert_eq!(values(text), values(model), "{language:?} {name}");
            }
            let is_copied = own.iter().zip(&english).filter(|(own, model)| own.1 == model.1).count();
            assert!(language == Language::English || is_copied < 6, "{language:?}: {is_copied} texts are English");
        }
    }

    #[test]
    fn a_value_is_put_in_once_and_an_amount_stays_in_one_piece() {
        let texts = Language::English.texts();
        assert_eq!(texts.fill("{a} of {b}", &[("a", "{b}"), ("b", "2")]), "{b} of 2");
        assert_eq!(texts.fill("{c} and {", &[("a", "1")]), "{c} and {");
        assert_eq!(texts.apart("1 BTC".to_owned()), "1 BTC");
        assert_eq!(Language::Arabic.texts().apart("1 BTC".to_owned()), "\u{2068}1 BTC\u{2069}");
    }
}
