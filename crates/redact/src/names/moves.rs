//! The moves of the parser by their numbers: begin, continue, end an entity of a label; a token that is one; none.

/// Labels, as the model numbers them.
pub(super) const LABELS: usize = 18;
/// Moves: B, I, L of each label; U of each label and of none; O.
pub(super) const COUNT: usize = 4 * LABELS + 2;
/// Room for the moves outside of an entity, in whole vectors.
pub(super) const OUTSIDE_ROOM: usize = 48;

/// Numbers of the moves outside of an entity, ascending: B- of each label, U- of each label, O. (U- without a label is
/// never allowed.)
pub(super) fn outside() -> impl Iterator<Item = usize> {
    (0..LABELS).chain(3 * LABELS..4 * LABELS).chain([COUNT - 1])
}

/// What a move of [`outside`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outside {
    /// Begins an entity of the label.
    Begin(u8),
    /// Makes the token an entity of the label.
    Unit(u8),
    /// Nothing.
    Out,
}

/// The move at `at` of [`outside`].
pub(super) fn outside_at(at: usize) -> Outside {
    match at {
        _ if at < LABELS => Outside::Begin(at as u8),
        _ if at < 2 * LABELS => Outside::Unit((at - LABELS) as u8),
        _ => Outside::Out,
    }
}

/// The move that goes on with an entity of `label`, and the one that ends it.
pub(super) fn inside(label: u8) -> (usize, usize) {
    (LABELS + usize::from(label), 2 * LABELS + usize::from(label))
}
