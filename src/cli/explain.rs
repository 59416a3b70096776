//! The long text of every failure code, one page each in `src/cli/explain/`.

include!(concat!(env!("OUT_DIR"), "/explain.rs"));

/// The page for `code`.
pub(crate) fn page(code: &str) -> Option<&'static str> {
    PAGES.iter().find(|(name, _)| *name == code).map(|(_, page)| *page)
}

/// Every code with a page, sorted.
pub(crate) fn codes() -> impl Iterator<Item = &'static str> {
    PAGES.iter().map(|(name, _)| *name)
}
