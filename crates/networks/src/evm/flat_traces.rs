//! Reads `trace_block`: the calls of a block as a flat list, in the order in which they began.

use super::traces::{Effect, Kind};
use alloy_primitives::{Address, B256, U256};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Flat<'a> {
    #[serde(borrow)]
    action: Action<'a>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
    #[serde(default)]
    result: Option<CallResult>,
    trace_address: Vec<u64>,
    /// `None`: a reward, of no transaction.
    #[serde(default)]
    transaction_hash: Option<B256>,
    #[serde(rename = "type")]
    kind: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Action<'a> {
    #[serde(default)]
    call_type: Option<&'a str>,
    #[serde(default)]
    from: Option<Address>,
    #[serde(default)]
    to: Option<Address>,
    #[serde(default)]
    value: Option<U256>,
    /// Of a contract that destroys itself.
    #[serde(default)]
    address: Option<Address>,
    #[serde(default)]
    refund_address: Option<Address>,
    #[serde(default)]
    balance: Option<U256>,
}

#[derive(Deserialize)]
struct CallResult {
    /// Of a new contract.
    #[serde(default)]
    address: Option<Address>,
}

/// The coins that moved in calls, by transaction, the transactions' own calls left out, without what was reverted.
pub(super) fn effects(traces: &str) -> serde_json::Result<Vec<(B256, Effect)>> {
    let traces: Vec<Flat<'_>> = serde_json::from_str(traces)?;
    let mut effects = Vec::new();
    let mut failed: Option<(B256, &[u64])> = None;
    for trace in &traces {
        let Some(transaction) = trace.transaction_hash else { continue };
        let path = trace.trace_address.as_slice();
        if failed.is_some_and(|(other, above)| other == transaction && path.starts_with(above)) {
            continue;
        }
        if trace.error.is_some() {
            failed = Some((transaction, path));
            continue;
        }
        if !path.is_empty()
            && let Some(effect) = trace.effect()
        {
            effects.push((transaction, effect));
        }
    }
    Ok(effects)
}

impl Flat<'_> {
    fn effect(&self) -> Option<Effect> {
        let Action { from, to, value, .. } = self.action;
        match (self.kind, self.action.call_type) {
            ("call", Some("call")) => Some(Effect { kind: Kind::Call, from: from?, to: to?, units: value? }),
            ("create", _) => {
                let to = self.result.as_ref()?.address?;
                Some(Effect { kind: Kind::Create, from: from?, to, units: value? })
            }
            ("suicide" | "selfdestruct", _) => Some(Effect {
                kind: Kind::Destroy,
                from: self.action.address?,
                to: self.action.refund_address?,
                units: self.action.balance?,
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn trace(path: &[u64], call_type: &str, value: &str, error: Option<&str>) -> Value {
        let mut trace = json!({
            "action": {"callType": call_type, "from": Address::repeat_byte(1), "to": Address::repeat_byte(2), "value": value},
            "traceAddress": path,
            "transactionHash": B256::repeat_byte(7),
            "type": "call",
        });
        if let Some(error) = error {
            trace["error"] = json!(error);
        }
        trace
    }

    fn units(traces: &[Value]) -> Vec<u64> {
        let effects = effects(&serde_json::to_string(traces).unwrap()).unwrap();
        effects.iter().map(|(_, effect)| effect.units.to()).collect()
    }

    #[test]
    fn all_below_a_reverted_call_is_left_out() {
        let traces = [
            trace(&[], "call", "0x1", None),
            trace(&[0], "call", "0x2", Some("Reverted")),
            trace(&[0, 0], "call", "0x3", None),
            trace(&[1], "call", "0x4", None),
            trace(&[1, 0], "delegatecall", "0x5", None),
            trace(&[10], "call", "0x6", None),
        ];
        assert_eq!(units(&traces), [4, 6]);
    }

    #[test]
    fn rewards_are_of_no_transaction_and_a_contract_that_destroys_itself_pays() {
        let reward = json!({
            "action": {"author": Address::repeat_byte(2), "rewardType": "block", "value": "0x9"},
            "traceAddress": [], "transactionHash": null, "type": "reward", "result": null,
        });
        let destroyed = json!({
            "action": {"address": Address::repeat_byte(1), "refundAddress": Address::repeat_byte(2), "balance": "0x8"},
            "traceAddress": [0], "transactionHash": B256::repeat_byte(7), "type": "suicide", "result": null,
        });
        assert_eq!(units(&[reward, trace(&[], "call", "0x0", None), destroyed]), [8]);
    }
}
