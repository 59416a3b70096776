//! What is found, and what it is called.

use std::ops::Range;

/// Something in a text that names somebody or something.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    /// Bytes of the text.
    pub range: Range<usize>,
    /// What it names.
    pub label: Label,
    /// How sure it is, 0 to 1.
    pub score: f32,
    /// What found it.
    pub source: Source,
}

/// What an entity names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Label {
    /// A person.
    Person,
    /// A town, country, region, building or road by its name.
    Place,
    /// A company, authority or institution.
    Organisation,
    /// A street with its number, or a postal code with its town.
    Address,
    /// A number of a person's own, by the type that profiles name: `phone`, `health-id`.
    Number(&'static str),
    /// Anything else that the model has a word for.
    Other(Tag),
}

/// What found an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// The network.
    Model,
    /// Lists of names.
    Gazetteer,
    /// A title, a form of address, a greeting or a signature beside it.
    Title,
    /// The form of a caption, an initial or an address.
    Form,
    /// The same name elsewhere.
    Roster,
}

/// The model's own labels (OntoNotes 5), in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the words are those of OntoNotes 5")]
pub enum Tag {
    Org,
    Date,
    Person,
    Gpe,
    Money,
    Cardinal,
    Norp,
    Percent,
    WorkOfArt,
    Loc,
    Time,
    Quantity,
    Fac,
    Event,
    Ordinal,
    Product,
    Law,
    Language,
}

impl Tag {
    /// All of them, as the model numbers them.
    pub const ALL: [Tag; 18] = [
        Tag::Org,
        Tag::Date,
        Tag::Person,
        Tag::Gpe,
        Tag::Money,
        Tag::Cardinal,
        Tag::Norp,
        Tag::Percent,
        Tag::WorkOfArt,
        Tag::Loc,
        Tag::Time,
        Tag::Quantity,
        Tag::Fac,
        Tag::Event,
        Tag::Ordinal,
        Tag::Product,
        Tag::Law,
        Tag::Language,
    ];
}

impl From<Tag> for Label {
    fn from(tag: Tag) -> Self {
        match tag {
            Tag::Person => Label::Person,
            Tag::Org => Label::Organisation,
            Tag::Gpe | Tag::Loc | Tag::Fac => Label::Place,
            other => Label::Other(other),
        }
    }
}
