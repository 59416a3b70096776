//! Where dossiers stand: requests of people in one folder, runs of retention in another.

use privacy::register::Right;

/// A register: the folder in which its dossiers are, and how their ids begin.
#[derive(Clone, Copy)]
pub(super) struct Shelf {
    pub(super) folder: &'static str,
    pub(super) prefix: &'static str,
}

/// Requests of people, and runs of retention, which are nobody's.
pub(super) const SHELVES: [Shelf; 2] =
    [Shelf { folder: "requests", prefix: "req-" }, Shelf { folder: "retentions", prefix: "ret-" }];

impl Shelf {
    pub(super) fn of(right: Right) -> Self {
        SHELVES[usize::from(right == Right::Retention)]
    }

    /// That of the dossier with this id, if it is one.
    pub(super) fn of_id(id: &str) -> Option<Self> {
        SHELVES.into_iter().find(|shelf| shelf.number(id).is_some())
    }

    pub(super) fn number(self, id: &str) -> Option<u64> {
        let digits = id.strip_prefix(self.prefix)?;
        (digits.len() >= 4 && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
    }
}
