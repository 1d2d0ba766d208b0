//! Names for the outgoing client: resolved once per connection, every answer vetted, and only vetted addresses connected to.
//!
//! One forbidden answer refuses the name: a name that leads both outside and inside is an attack or a mistake. There is no
//! second look-up between the check and the connection.

use super::guard::Guard;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{io, net::SocketAddr, pin::Pin};

/// The answers for a name.
pub(super) type Answers = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;
/// Looks a name up.
pub(super) type LookUp = fn(String) -> Answers;

/// Addresses of one name that are looked at; more than any honest name has.
const ANSWERS_MAX: usize = 64;

/// Why a name was not connected to. It carries no name: its text may reach a merchant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NameRefusal {
    /// It does not resolve.
    #[error("the name does not resolve")]
    Unresolved,
    /// One of its addresses is not public.
    #[error("the name leads to a forbidden address")]
    Forbidden,
}

/// The operating system's resolver.
pub(super) fn system(name: String) -> Answers {
    Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.take(ANSWERS_MAX.saturating_add(1)).collect()) })
}

pub(super) struct VettingResolver {
    pub(super) guard: Guard,
    pub(super) look_up: LookUp,
}

impl Resolve for VettingResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.guard;
        let answers = (self.look_up)(name.as_str().to_owned());
        Box::pin(async move {
            let answers = answers.await.map_err(|error| {
                tracing::debug!(%error, "a name does not resolve");
                NameRefusal::Unresolved
            })?;
            let addresses: Addrs = Box::new(vetted(guard, answers)?.into_iter());
            Ok(addresses)
        })
    }
}

fn vetted(guard: Guard, answers: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, NameRefusal> {
    if answers.is_empty() {
        return Err(NameRefusal::Unresolved);
    }
    let are_allowed =
        answers.len() <= ANSWERS_MAX && answers.iter().all(|answer| guard.is_address_allowed(answer.ip()));
    if are_allowed { Ok(answers) } else { Err(NameRefusal::Forbidden) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: Guard = Guard { allow_private: false };

    fn answers(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| SocketAddr::new(text.parse().unwrap(), 0)).collect()
    }

    #[test]
    fn one_forbidden_answer_refuses_the_name() {
        assert!(vetted(PUBLIC, answers(&["8.8.8.8", "2606:4700::1"])).is_ok());
        for mixed in [
            &["8.8.8.8", "127.0.0.1"],
            &["::1", "8.8.8.8"],
            &["8.8.8.8", "::ffff:10.0.0.1"],
            &["2606:4700::1", "fe80::1"],
        ] {
            assert_eq!(vetted(PUBLIC, answers(mixed)), Err(NameRefusal::Forbidden));
        }
    }

    #[test]
    fn a_name_without_or_with_too_many_answers_is_refused() {
        assert_eq!(vetted(PUBLIC, Vec::new()), Err(NameRefusal::Unresolved));
        assert_eq!(vetted(PUBLIC, answers(&["8.8.8.8"; ANSWERS_MAX + 1])), Err(NameRefusal::Forbidden));
    }
}
