//! Names for what may differ between two runs: ids, tokens, addresses, hashes.

/// What is called how.
#[derive(Default)]
pub(super) struct Names(Vec<(String, String)>);

impl Names {
    /// Calls it so from now on, unless it has a name.
    pub(super) fn give(&mut self, thing: impl Into<String>, name: impl FnOnce() -> String) {
        let thing = thing.into();
        if !thing.is_empty() && !self.0.iter().any(|(known, _)| *known == thing) {
            self.0.push((thing, name()));
        }
    }

    /// A text with names in place of the things.
    pub(super) fn in_place(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (thing, name)| text.replace(thing.as_str(), name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_name_is_called_by_it_and_all_else_stays() {
        let mut names = Names::default();
        names.give("tb1q7", || "address 0".to_owned());
        names.give("tb1q7", || "another".to_owned());
        assert_eq!(names.in_place("0.5 to tb1q7, not tb1q8"), "0.5 to address 0, not tb1q8");
    }
}
