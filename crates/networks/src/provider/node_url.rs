//! Where a node is. The URL may hold a password or a provider's key; only its host and port are ever shown.

use core::fmt;
use url::Url;

/// Path segments and query values from this length on may be a provider's key.
const KEY_CHARACTERS_MIN: usize = 8;
/// What stands in a text where a secret was.
const HIDDEN: &str = "[hidden]";

/// Why a text is not a node's URL. The text itself is never repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NodeUrlError {
    /// Not a URL.
    #[error("must be an http or https URL")]
    NotHttp,
    /// A fragment means nothing to a node.
    #[error("must not have a fragment")]
    Fragment,
}

/// An `http` or `https` URL of a node, perhaps with `user:password@` and with a key in its path.
#[derive(Clone, PartialEq, Eq)]
pub struct NodeUrl {
    url: Url,
    name: String,
}

impl NodeUrl {
    /// Reads a node's URL as an operator wrote it.
    ///
    /// # Errors
    /// See [`NodeUrlError`].
    pub fn parse(text: &str) -> Result<Self, NodeUrlError> {
        Self::from_url(Url::parse(text).map_err(|_| NodeUrlError::NotHttp)?)
    }

    /// The node at a URL.
    ///
    /// # Errors
    /// See [`NodeUrlError`].
    pub fn from_url(url: Url) -> Result<Self, NodeUrlError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(NodeUrlError::NotHttp);
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(NodeUrlError::NotHttp)?;
        if url.fragment().is_some() {
            return Err(NodeUrlError::Fragment);
        }
        let name = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Ok(Self { url, name })
    }

    /// The same node under a name of its own: two providers on one host need one.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// Its name: host and port, unless it was given another.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole URL, secrets included: for the request itself.
    pub(super) fn url(&self) -> Url {
        self.url.clone()
    }

    /// The URL of something below it: `blocks/tip/height`.
    pub(super) fn below(&self, path: &str) -> Option<Url> {
        let mut url = self.url.clone();
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        url.path_segments_mut().ok()?.pop_if_empty().extend(path.split('/').filter(|part| !part.is_empty()));
        if query.is_some() {
            url.set_query(query);
        }
        Some(url)
    }

    /// A text of the node's without this URL's secrets, should it repeat them.
    pub(super) fn without_secrets(&self, text: &str) -> String {
        let keys = self.url.path_segments().into_iter().flatten().map(str::to_owned);
        let values = self.url.query_pairs().map(|(_, value)| value.into_owned());
        let long = keys.chain(values).filter(|secret| secret.len() >= KEY_CHARACTERS_MIN);
        let password = self.url.password().map(str::to_owned).filter(|password| !password.is_empty());
        long.chain(password).fold(text.to_owned(), |text, secret| text.replace(&secret, HIDDEN))
    }
}

/// Shows the name only.
impl fmt::Debug for NodeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeUrl({})", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_host_and_port_is_shown() {
        let url = NodeUrl::parse("http://user:hunter2@127.0.0.1:8332/v3/0123456789abcdef?key=topsecret1").unwrap();
        assert_eq!(url.name(), "127.0.0.1:8332");
        assert_eq!(format!("{url:?}"), "NodeUrl(127.0.0.1:8332)");
        let echoed = url.without_secrets("hunter2 of 0123456789abcdef with topsecret1 is over its limit");
        assert_eq!(echoed, "[hidden] of [hidden] with [hidden] is over its limit");
    }

    #[test]
    fn paths_hang_below_the_base_and_queries_are_kept() {
        let url = NodeUrl::parse("https://example.com/signet/api/").unwrap();
        assert_eq!(
            url.below("blocks/tip/height").unwrap().as_str(),
            "https://example.com/signet/api/blocks/tip/height"
        );
        assert_eq!(url.below("/block/00?raw=1").unwrap().as_str(), "https://example.com/signet/api/block/00?raw=1");
    }

    #[test]
    fn what_is_no_http_url_is_refused_without_repeating_it() {
        for text in ["", "localhost:8332", "ws://secret@node", "file:///secret", "http://", "https://node/#secret"] {
            let error = NodeUrl::parse(text).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{text}: {error}");
        }
    }
}
