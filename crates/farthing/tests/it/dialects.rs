//! What holds across the APIs that are served beside the native one, over HTTP against the running program; and the merchant
//! that the tests of each of them build on.

pub(crate) mod merchant;
pub(crate) mod outside;
mod schemes;
pub(crate) mod signatures;
