//! Plans of an erase, as `--plan FILE` reads them: what is read means the same written again, under the same digest.

#![no_main]

use privacy::plan::Plan;
use serde_json::{Value, json};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = Plan::parse(data);
    // The digest is put right, so that what stands under it is read.
    let Ok(plan) = serde_json::from_slice::<Value>(data) else { return };
    let plan = plan.get("plan").cloned().unwrap_or(plan);
    let Ok(bytes) = seal::canonical::to_bytes(&plan) else { return };
    let document = json!({"schema": "erase-plan/1", "plan": plan, "digest": format!("sha256:{}", seal::sha256(&bytes))});
    let Ok(read) = Plan::parse(document.to_string().as_bytes()) else { return };
    assert_eq!(read.digest().expect("it has one"), seal::sha256(&bytes), "what is confirmed is what is done");
    let again = Plan::parse(read.to_json().expect("it was read").to_string().as_bytes()).expect("it was written by us");
    assert_eq!(again, read);
});
