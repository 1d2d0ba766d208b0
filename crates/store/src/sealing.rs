//! Sealing secrets that must sign: encrypted in the database, with a key in a file beside it.
//!
//! A copy of the database alone reveals no webhook secret. The key never leaves this file and its folder; backups include it.

use crate::error::StoreError;
use ring::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand::{SecureRandom, SystemRandom},
};
use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// The key's file in the data folder.
pub const KEY_FILE: &str = "farthing.key";
const KEY_LENGTH: usize = 32;

/// Seals and unseals with the installation's key.
pub struct Sealer {
    key: LessSafeKey,
    random: SystemRandom,
}

impl Sealer {
    /// Reads the key beside the database, or makes one for a new installation.
    ///
    /// # Errors
    /// When the key is missing although the installation is not new, is damaged, or cannot be read or written.
    pub fn open_or_create(folder: &Path, is_new_installation: bool) -> Result<Self, StoreError> {
        let path = folder.join(KEY_FILE);
        let random = SystemRandom::new();
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound && is_new_installation => create(&path, &random)?,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(StoreError::Sealing(format!(
                    "{} is missing: without it no webhook can be signed; restore it from the backup that the database came from",
                    path.display()
                )));
            }
            Err(source) => return Err(StoreError::File { path, source }),
        };
        let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes).map_err(|_| {
            StoreError::Sealing(format!("{} is damaged: it must hold {KEY_LENGTH} bytes", path.display()))
        })?;
        Ok(Self { key: LessSafeKey::new(key), random })
    }

    /// Seals a secret for a context (its row's id): it opens in no other.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let failed = |_| StoreError::Sealing("a secret cannot be sealed".to_owned());
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).map_err(failed)?;
        let mut sealed = plain.to_vec();
        let nonce_of_key = Nonce::assume_unique_for_key(nonce);
        self.key.seal_in_place_append_tag(nonce_of_key, Aad::from(context), &mut sealed).map_err(failed)?;
        let mut bytes = nonce.to_vec();
        bytes.append(&mut sealed);
        Ok(bytes)
    }

    /// Opens a sealed secret.
    ///
    /// # Errors
    /// When it was sealed with another key or for another context, or was changed.
    pub fn unseal(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let failed = || StoreError::Sealing("a sealed secret does not open with this installation's key".to_owned());
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or_else(failed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| failed())?;
        let mut body = body.to_vec();
        let plain = self.key.open_in_place(nonce, Aad::from(context), &mut body).map_err(|_| failed())?;
        Ok(plain.to_vec())
    }
}

/// Writes a new key durably before anything is sealed with it. It appears whole or not at all; of two processes that start
/// at the same time, the first one's key is used by both.
fn create(path: &Path, random: &SystemRandom) -> Result<Vec<u8>, StoreError> {
    let mut key = vec![0; KEY_LENGTH];
    random.fill(&mut key).map_err(|_| StoreError::Sealing("the system gives no randomness".to_owned()))?;
    let mut suffix = [0; 8];
    random.fill(&mut suffix).map_err(|_| StoreError::Sealing("the system gives no randomness".to_owned()))?;
    let partial = path.with_extension(format!("{:016x}", u64::from_le_bytes(suffix)));
    let mut write = || {
        let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&partial)?;
        file.write_all(&key)?;
        file.sync_all()?;
        match fs::hard_link(&partial, path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => key = fs::read(path)?,
            linked => linked?,
        }
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    };
    let written = write();
    drop(fs::remove_file(&partial));
    written.map_err(|source| StoreError::File { path: path.to_owned(), source })?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_secret_opens_only_in_its_context_and_with_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let sealer = Sealer::open_or_create(folder.path(), true).unwrap();
        let sealed = sealer.seal(b"one", b"secret").unwrap();
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert_eq!(Sealer::open_or_create(folder.path(), false).unwrap().unseal(b"one", &sealed).unwrap(), b"secret");
        assert!(sealer.unseal(b"two", &sealed).is_err());
        let other = tempfile::tempdir().unwrap();
        assert!(Sealer::open_or_create(other.path(), true).unwrap().unseal(b"one", &sealed).is_err());
    }

    #[test]
    fn the_key_is_its_owner_s_alone_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let first = Sealer::open_or_create(folder.path(), true).unwrap();
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, [KEY_FILE]);
        let metadata = fs::metadata(folder.path().join(KEY_FILE)).unwrap();
        assert_eq!((metadata.len(), metadata.permissions().mode() & 0o777), (32, 0o600));
        // Another process that found no key a moment ago takes the one that is there now.
        let path = folder.path().join(KEY_FILE);
        assert_eq!(create(&path, &SystemRandom::new()).unwrap(), fs::read(&path).unwrap());
        let sealed = first.seal(b"one", b"secret").unwrap();
        assert_eq!(Sealer::open_or_create(folder.path(), true).unwrap().unseal(b"one", &sealed).unwrap(), b"secret");
    }

    #[test]
    fn a_changed_secret_or_a_damaged_key_opens_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let sealer = Sealer::open_or_create(folder.path(), true).unwrap();
        let sealed = sealer.seal(b"one", b"secret").unwrap();
        for changed in 0..sealed.len() {
            let mut forged = sealed.clone();
            forged[changed] ^= 1;
            assert!(sealer.unseal(b"one", &forged).is_err());
        }
        assert!(sealer.unseal(b"one", b"short").is_err());
        fs::write(folder.path().join(KEY_FILE), b"too short").unwrap();
        let error = Sealer::open_or_create(folder.path(), false).err().unwrap();
        assert!(error.to_string().contains("is damaged"));
    }

    #[test]
    fn a_missing_key_is_made_only_for_a_new_installation() {
        let folder = tempfile::tempdir().unwrap();
        let error = Sealer::open_or_create(folder.path(), false).err().unwrap();
        assert!(error.to_string().contains("farthing.key is missing"));
        assert!(!folder.path().join(KEY_FILE).exists());
    }
}
