//! Names for what may differ between two runs: ids, tokens, addresses, hashes.

use uuid::Uuid;

/// The version of ids that a dialect makes of addresses, hashes and other ids.
const MADE_OF_OTHERS: usize = 8;

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

    /// A text with names in place of the things. Ids that are made of other things are called by their order.
    pub(super) fn in_place(&mut self, text: &str) -> String {
        for word in text.split('"') {
            if Uuid::try_parse(word).is_ok_and(|id| id.get_version_num() == MADE_OF_OTHERS) {
                let known = self.0.len();
                self.give(word, || format!("made of others {known}"));
            }
        }
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

    #[test]
    fn an_id_that_is_made_of_others_is_called_by_its_order_and_one_of_our_own_is_not() {
        let mut names = Names::default();
        let text = |id: &str| format!(r#"{{"id":"{id}"}}"#);
        let (made, own) = ("56490690-00a5-8bc0-b4c8-215020beac11", "56490690-00a5-7bc0-b4c8-215020beac11");
        assert_eq!(names.in_place(&text(made)), text("made of others 0"));
        assert_eq!(names.in_place(&text(made)), text("made of others 0"));
        assert_eq!(names.in_place(&text(own)), text(own));
    }
}
