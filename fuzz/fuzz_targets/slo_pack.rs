//! Packs: `pack.toml`, one rule file and one setting, with a zero byte between them.

#![no_main]

mod slo_kit;

use std::sync::LazyLock;

use slo::Pack;

static BUILT_IN: LazyLock<Pack> =
    LazyLock::new(|| Pack::built_in("production", &slo_kit::reading(false)).expect("built in"));

libfuzzer_sys::fuzz_target!(|text: &str| {
    let mut parts = text.splitn(3, '\0');
    let mut part = || parts.next().unwrap_or_default().to_owned();
    let files = vec![("pack.toml".into(), part()), ("rule.yaml".into(), part())];
    let value = part();
    let built_in = BUILT_IN.parameters();
    let name = built_in[value.len() % built_in.len()].name.clone();
    slo_kit::check(BUILT_IN.book(&[(name, value.clone())]));
    let Ok(pack) = Pack::read("fuzz", files, &slo_kit::reading(false)) else { return };
    slo_kit::check(pack.book(&[]));
    for parameter in pack.parameters() {
        slo_kit::check(pack.book(&[(parameter.name.clone(), value.clone())]));
    }
});
