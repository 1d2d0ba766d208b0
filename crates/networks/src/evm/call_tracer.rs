//! Reads geth's `callTracer`: calls nested in calls, as deep as the EVM goes (1,024).
//!
//! A recursive reader would need a stack as deep as a stranger's transaction wants, so this one walks the text once, from
//! left to right, in constant stack. It reads text that is known to be JSON; where it finds another form it says so.

use super::traces::{Effect, Kind};
use alloy_primitives::{Address, U256};

/// A call, in the order in which calls began.
#[derive(Default)]
struct Frame {
    parent: Option<usize>,
    kind: String,
    from: Option<Address>,
    to: Option<Address>,
    value: U256,
    has_failed: bool,
}

/// The coins that moved in the calls of one transaction, its own call left out, without what was reverted. `None`: the text
/// has another form.
pub(super) fn effects(trace: &str) -> Option<Vec<Effect>> {
    let frames = Walk { text: trace.as_bytes(), at: 0 }.frames()?;
    let mut failed: Vec<bool> = Vec::with_capacity(frames.len());
    let mut effects = Vec::new();
    for frame in &frames {
        let has_failed =
            frame.has_failed || frame.parent.is_some_and(|parent| failed.get(parent).copied().unwrap_or(true));
        failed.push(has_failed);
        if has_failed || frame.parent.is_none() {
            continue;
        }
        let kind = match frame.kind.as_str() {
            "CALL" => Kind::Call,
            "CREATE" | "CREATE2" => Kind::Create,
            "SELFDESTRUCT" => Kind::Destroy,
            // They show a value and move none.
            _ => continue,
        };
        if let (Some(from), Some(to)) = (frame.from, frame.to) {
            effects.push(Effect { kind, from, to, units: frame.value });
        }
    }
    Some(effects)
}

struct Walk<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Walk<'a> {
    fn frames(mut self) -> Option<Vec<Frame>> {
        let mut frames: Vec<Frame> = Vec::new();
        // Frames whose end has not been reached.
        let mut open: Vec<usize> = Vec::new();
        self.expect(b'{')?;
        begin(&mut frames, &mut open);
        // Each turn takes one member of the innermost open frame, or its end.
        while let Some(current) = open.last().copied() {
            match self.token()? {
                b'}' => {
                    open.pop();
                    self.after_frame(&mut frames, &mut open)?;
                }
                b'"' if self.member(frames.get_mut(current)?)? => begin(&mut frames, &mut open),
                b'"' | b',' => {}
                _ => return None,
            }
        }
        Some(frames)
    }

    /// After a frame's end: its next sibling, or the end of the list that it was in.
    fn after_frame(&mut self, frames: &mut Vec<Frame>, open: &mut Vec<usize>) -> Option<()> {
        if open.is_empty() {
            return Some(());
        }
        match self.token()? {
            b',' => {
                self.expect(b'{')?;
                begin(frames, open);
            }
            b']' => {}
            _ => return None,
        }
        Some(())
    }

    /// Whether a list of calls begins here and has one; `null` and an empty list are passed over.
    fn begins_list(&mut self) -> Option<bool> {
        match self.token()? {
            b'[' => match self.token()? {
                b'{' => Some(true),
                b']' => Some(false),
                _ => None,
            },
            b'n' => self.skip_word().map(|()| false),
            _ => None,
        }
    }

    /// Takes a member whose first quote was taken. Answers whether it is the list of calls and the first of them has begun.
    fn member(&mut self, frame: &mut Frame) -> Option<bool> {
        let key = self.string()?;
        self.expect(b':')?;
        if key == b"calls" {
            return self.begins_list();
        }
        let first = self.token()?;
        if first != b'"' {
            // `null` is the same as absent.
            frame.has_failed |= key == b"error" && first != b'n';
            return self.skip(first).map(|()| false);
        }
        let text = core::str::from_utf8(self.string()?).ok()?;
        match key {
            b"type" => text.clone_into(&mut frame.kind),
            b"from" => frame.from = text.parse().ok(),
            b"to" => frame.to = text.parse().ok(),
            b"value" => frame.value = text.parse().ok()?,
            b"error" => frame.has_failed |= !text.is_empty(),
            _ => {}
        }
        Some(false)
    }

    /// The next byte that is not white space.
    fn token(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.get(self.at)?;
            self.at = self.at.checked_add(1)?;
            if !byte.is_ascii_whitespace() {
                return Some(byte);
            }
        }
    }

    fn expect(&mut self, wanted: u8) -> Option<()> {
        (self.token()? == wanted).then_some(())
    }

    /// The inside of a string whose first quote was taken, escapes left as they are.
    fn string(&mut self) -> Option<&'a [u8]> {
        let start = self.at;
        loop {
            let byte = *self.text.get(self.at)?;
            let step = if byte == b'\\' { 2 } else { 1 };
            let end = self.at;
            self.at = self.at.checked_add(step)?;
            if byte == b'"' {
                return self.text.get(start..end);
            }
        }
    }

    /// Passes over a value whose first byte was taken.
    fn skip(&mut self, first: u8) -> Option<()> {
        let mut depth = self.passed(first, 0)?;
        while depth > 0 {
            let next = self.token()?;
            depth = self.passed(next, depth)?;
        }
        Some(())
    }

    /// How deep the text is after what begins with this byte.
    fn passed(&mut self, first: u8, depth: usize) -> Option<usize> {
        match first {
            b'{' | b'[' => depth.checked_add(1),
            b'}' | b']' => depth.checked_sub(1),
            b'"' => self.string().map(|_| depth),
            b',' | b':' => Some(depth),
            _ => self.skip_word().map(|()| depth),
        }
    }

    /// Passes over the rest of a number or a word.
    fn skip_word(&mut self) -> Option<()> {
        while self.text.get(self.at).is_some_and(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte)) {
            self.at = self.at.checked_add(1)?;
        }
        Some(())
    }
}

fn begin(frames: &mut Vec<Frame>, open: &mut Vec<usize>) {
    let parent = open.last().copied();
    open.push(frames.len());
    frames.push(Frame { parent, ..Frame::default() });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn call(kind: &str, value: u64, more: &str) -> String {
        let (from, to) = ("0x00000000000000000000000000000000000000aa", "0x00000000000000000000000000000000000000bb");
        format!(r#"{{"from":"{from}","to":"{to}","input":"0x00","value":"{value:#x}"{more},"type":"{kind}"}}"#)
    }

    fn within(calls: &[String]) -> String {
        call("CALL", 1, &format!(r#","calls":[{}]"#, calls.join(",")))
    }

    fn units(trace: &str) -> Vec<u64> {
        effects(trace).unwrap().iter().map(|effect| effect.units.to()).collect()
    }

    #[test]
    fn the_transactions_own_call_is_left_out_and_the_calls_within_are_told_in_order() {
        assert_eq!(units(&call("CALL", 1, "")), [0_u64; 0]);
        let nested = call("CALL", 3, &format!(r#","calls":[{},{}]"#, call("CALL", 4, ""), call("CREATE2", 5, "")));
        let trace = within(&[call("CALL", 2, ""), nested, call("SELFDESTRUCT", 6, "")]);
        assert_eq!(units(&trace), [2, 3, 4, 5, 6]);
    }

    #[test]
    fn all_below_a_reverted_call_is_left_out_also_when_the_error_stands_after_it() {
        let before = call("CALL", 3, &format!(r#","error":"execution reverted","calls":[{}]"#, call("CALL", 4, "")));
        let after = call("CALL", 5, &format!(r#","calls":[{}],"error":"out of gas""#, call("CALL", 6, "")));
        assert_eq!(units(&within(&[call("CALL", 2, ""), before, after, call("CALL", 7, "")])), [2, 7]);
        assert_eq!(
            units(&call("CALL", 1, &format!(r#","calls":[{}],"error":"reverted""#, call("CALL", 2, "")))),
            [0_u64; 0]
        );
    }

    #[test]
    fn calls_that_show_a_value_and_move_none_are_left_out() {
        let trace = within(&[call("DELEGATECALL", 2, ""), call("CALLCODE", 3, ""), call("STATICCALL", 4, "")]);
        assert_eq!(units(&trace), [0_u64; 0]);
    }

    #[test]
    fn what_is_of_no_interest_is_passed_over_whatever_it_holds() {
        let more = r#","revertReason":"}]\",\"calls\":[{","logs":[{"address":"0x","topics":["}"],"position":"0x1"}],"gas":12.5e-3,"x":[[],{}],"error":null,"calls":[]"#;
        assert_eq!(units(&within(&[call("CALL", 2, more), call("CALL", 3, r#","calls":null"#)])), [2, 3]);
    }

    #[test]
    fn as_deep_as_the_evm_goes_and_deeper_is_read() {
        let depth = 100_000;
        let open =
            call("CALL", 1, r#","calls":["#).replace(r#","type":"CALL"}"#, "").replacen('{', r#"{"type":"CALL","#, 1);
        let trace = format!("{}{}{}", open.repeat(depth), call("CALL", 7, ""), "]}".repeat(depth));
        let found = units(&trace);
        assert_eq!((found.len(), found.last()), (depth, Some(&7)));
    }

    /// A tree of calls, and the members of each in some order.
    #[derive(Debug, Clone)]
    struct Tree {
        kind: &'static str,
        units: u64,
        error: Option<&'static str>,
        below: Vec<Tree>,
        order: usize,
    }

    fn trees() -> impl Strategy<Value = Tree> {
        let kind =
            prop::sample::select(vec!["CALL", "DELEGATECALL", "STATICCALL", "CREATE", "CREATE2", "SELFDESTRUCT"]);
        let error = prop::option::weighted(0.2, prop::sample::select(vec!["out of gas", "a \\\"quoted\\\" }]"]));
        let one = move |below: Vec<Tree>| {
            let below = Just(below);
            (kind.clone(), 0_u64..9, error.clone(), below, 0_usize..24)
                .prop_map(|(kind, units, error, below, order)| Tree { kind, units, error, below, order })
        };
        let leaf = one.clone()(Vec::new());
        leaf.prop_recursive(6, 40, 5, move |inner| prop::collection::vec(inner, 0..5).prop_flat_map(one.clone()))
    }

    impl Tree {
        fn text(&self) -> String {
            let below: Vec<String> = self.below.iter().map(Self::text).collect();
            let (address, units) = ("0x00000000000000000000000000000000000000aa", self.units);
            let mut members = vec![
                format!(r#""type":"{}""#, self.kind),
                format!(r#""from":"{address}","to":"{address}","gas":"0x{{","logs":[{{"calls":[1]}}]"#),
                format!(r#" "value" : "{units:#x}""#),
                format!(r#""calls":[{}]"#, below.join(" , ")),
            ];
            members.extend(self.error.map(|error| format!(r#""error":"{error}""#)));
            let turn = self.order.checked_rem(members.len()).unwrap();
            members.rotate_left(turn);
            format!("{{ {} }}", members.join(","))
        }

        fn expected(&self, is_root: bool, found: &mut Vec<u64>) {
            if self.error.is_some() {
                return;
            }
            if !is_root && !["DELEGATECALL", "STATICCALL"].contains(&self.kind) {
                found.push(self.units);
            }
            for call in &self.below {
                call.expected(false, found);
            }
        }
    }

    proptest! {
        #[test]
        fn any_tree_of_calls_is_read_as_a_recursive_reader_would(tree in trees()) {
            let text = tree.text();
            prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{}", text);
            let mut expected = Vec::new();
            tree.expected(true, &mut expected);
            prop_assert_eq!(units(&text), expected);
        }

        #[test]
        fn no_text_makes_it_panic(tree in trees(), cut in 0_usize..4000, noise in "[{}\\[\\]\",:a0\\\\]{0,12}") {
            let text = tree.text();
            let (before, after) = text.split_at(cut.min(text.len()));
            drop(effects(&format!("{before}{noise}{after}")));
            drop(effects(before));
            drop(effects(&noise));
        }
    }

    #[test]
    fn another_form_is_no_trace() {
        for text in ["", "[]", "null", r#"{"calls":[1]}"#, r#"{"calls":{}}"#, r#"{"value":"0xzz"}"#, r#"{"calls":[{}"#]
        {
            assert!(effects(text).is_none(), "{text}");
        }
    }
}
