//! The model of names: text in, entities out.

use std::ops::Range;
use std::sync::Mutex;

use model::Fault;

use super::container::Container;
use super::entity::{Entity, Source, Tag};
use super::features::Features;
use super::hash::murmur64a;
use super::moves::{self, Outside};
use super::network::{self, Network, REACH, ROLES, STATE, Scratch};
use super::tokenizer::{Token, Tokenizer};

/// The file that data/names/convert.py writes.
pub(super) const ENGLISH: &[u8] = include_bytes!("../../data/names/english.model");

/// Tokens that are worked on at a time: what they need stays in the processor's cache.
const STRIP: usize = 120;
/// Scratches that are kept for the next text.
const KEPT_MAX: usize = 16;

/// The English model of names, unpacked. Unpacking takes about as long as reading a few pages of text: keep it.
pub struct Model {
    tokenizer: Tokenizer,
    features: Features,
    /// Numbers of [`Tokenizer::norms`].
    norms: Vec<u64>,
    network: Network,
    kept: Mutex<Vec<Work>>,
}

/// Room to work in.
#[derive(Default)]
struct Work {
    scratch: Scratch,
    words: Vec<Option<usize>>,
    states: Vec<f32>,
    scores: Vec<f32>,
}

/// An entity that has begun and not ended.
struct Open {
    from: usize,
    label: u8,
    score: f32,
    /// What its first token adds to the state.
    first: [f32; STATE],
}

/// What the parser knows when it comes to a token.
#[derive(Default)]
struct State {
    open: Option<Open>,
    /// What the token before adds to the state.
    before: Option<[f32; STATE]>,
}

impl Model {
    /// Unpacks the built-in model.
    ///
    /// # Errors
    /// `name-model-broken` when the program was built wrongly.
    pub fn load() -> Result<Self, Fault> {
        let container = Container::open(ENGLISH)?;
        let tokenizer = Tokenizer::read(&container)?;
        let features = Features::read(&container)?;
        let norms = tokenizer.norms().map(|norm| features.number(norm)).collect();
        let network = Network::read(&container)?;
        Ok(Model { tokenizer, features, norms, network, kept: Mutex::default() })
    }

    /// The entities in `text`, in its order, apart from each other. Ranges are bytes of the text.
    pub fn entities(&self, text: &str) -> Vec<Entity> {
        let tokens = self.tokenizer.tokens(text);
        let mut work = self.kept.lock().ok().and_then(|mut kept| kept.pop()).unwrap_or_default();
        let mut entities = Vec::new();
        let mut state = State::default();
        for start in (0..tokens.len()).step_by(STRIP) {
            let strip = start..tokens.len().min(start + STRIP);
            self.compute(text, &tokens, &strip, &mut work);
            self.parse(text, &tokens, &strip, &mut work, &mut state, &mut entities);
        }
        if let Ok(mut kept) = self.kept.lock()
            && kept.len() < KEPT_MAX
        {
            kept.push(work);
        }
        entities
    }

    /// The tokens of `text`, as ranges of its bytes.
    pub fn tokens(&self, text: &str) -> Vec<Range<usize>> {
        self.tokenizer.tokens(text).into_iter().map(|token| token.start..token.end).collect()
    }

    /// Leaves in `work` what each token of a strip adds to the parser's state, and the scores outside of entities.
    fn compute(&self, text: &str, tokens: &[Token], strip: &Range<usize>, work: &mut Work) {
        let Work { scratch, words, states, scores } = work;
        self.network.forget_some(scratch, strip.len() + 2 * REACH);
        words.clear();
        for at in strip.start..strip.end + 2 * REACH {
            let token = at.checked_sub(REACH).and_then(|at| tokens.get(at));
            words.push(token.map(|token| self.word(text, token, scratch)));
        }
        self.network.learn(scratch);
        self.network.strip(scratch, words);
        states.clear();
        let absent = &self.network.absent;
        for roles in scratch.roles.as_chunks::<{ ROLES * STATE }>().0 {
            let sum: [f32; STATE] = std::array::from_fn(|at| roles[at] + absent[1][at] + absent[2][at]);
            states.extend_from_slice(&network::hidden(&sum));
        }
        self.network.score_outside(states, scores);
    }

    fn word(&self, text: &str, token: &Token, scratch: &mut Scratch) -> usize {
        let text = &text[token.start..token.end];
        self.network.word(scratch, (murmur64a(text.as_bytes(), 1), token.norm), || {
            let norm = usize::from(token.norm).checked_sub(1).map(|at| self.norms[at]);
            self.features.of(text, norm)
        })
    }

    /// Takes the best move at each token of a strip.
    fn parse(
        &self,
        text: &str,
        tokens: &[Token],
        strip: &Range<usize>,
        work: &mut Work,
        state: &mut State,
        entities: &mut Vec<Entity>,
    ) {
        let roles = work.scratch.roles.as_chunks::<{ ROLES * STATE }>().0;
        let scores = work.scores.as_chunks::<{ moves::OUTSIDE_ROOM }>().0;
        for ((at, roles), scores) in strip.clone().zip(roles).zip(scores) {
            let is_last = at + 1 == tokens.len();
            let role = |which: usize| -> [f32; STATE] { std::array::from_fn(|o| roles[which * STATE + o]) };
            let mut found = None;
            if let Some(open) = &state.open {
                if is_last || self.ends(&role(0), open, state.before.as_ref()) {
                    found = Some((open.from, open.label, open.score));
                    state.open = None;
                }
            } else {
                let is_space =
                    text[tokens[at].start..tokens[at].end].chars().all(|char| self.tokenizer.space.has(char));
                let (best, score) = best(scores, is_space, is_last);
                match best {
                    Outside::Begin(label) => state.open = Some(Open { from: at, label, score, first: role(1) }),
                    Outside::Unit(label) => found = Some((at, label, score)),
                    Outside::Out => {}
                }
            }
            state.before = state.open.is_some().then(|| role(2));
            entities.extend(found.map(|(from, label, score)| Entity {
                range: tokens[from].start..tokens[at].end,
                label: Tag::ALL[usize::from(label)].into(),
                score,
                source: Source::Model,
            }));
        }
    }

    /// Whether an open entity ends with this token rather than after it.
    fn ends(&self, next: &[f32; STATE], open: &Open, before: Option<&[f32; STATE]>) -> bool {
        let before = before.unwrap_or(&self.network.absent[2]);
        let sum = std::array::from_fn(|at| next[at] + open.first[at] + before[at]);
        let hidden = network::hidden(&sum);
        let (goes_on, ends) = moves::inside(open.label);
        // On a tie the first move wins, which is to go on.
        self.network.score(&hidden, ends) > self.network.score(&hidden, goes_on)
    }
}

/// The best allowed move outside of an entity and its probability among them.
fn best(scores: &[f32; moves::OUTSIDE_ROOM], is_space: bool, is_last: bool) -> (Outside, f32) {
    let mut best = (Outside::Out, f32::MIN);
    for (at, score) in scores.iter().enumerate().take(2 * moves::LABELS + 1) {
        let outside = moves::outside_at(at);
        let is_valid = match outside {
            Outside::Begin(_) => !is_space && !is_last,
            Outside::Unit(_) => !is_space,
            Outside::Out => true,
        };
        if is_valid && *score > best.1 {
            best = (outside, *score);
        }
    }
    if best.0 == Outside::Out {
        return (Outside::Out, 1.0);
    }
    let total: f32 = scores[..2 * moves::LABELS + 1].iter().map(|score| (score - best.1).exp()).sum();
    (best.0, 1.0 / total)
}
