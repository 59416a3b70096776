//! Alert policies over an objective: how fast its budget burns over windows of their own.
//!
//! The conditions are those of the SLO's policies, each over one window, compared literally by its `op`. With the annotation
//! `probity/burn-alerts: default` the four tiers stand beside them, each over a long and a short window: fast (1h, 5m) at 2 % of the
//! budget, medium (6h, 30m) at 5 %, slow (1d, 2h) and long (3d, 6h) at 10 %. A tier holds when both windows are above its factor;
//! the factor is `share · period / long`, cut at four decimals.

use std::cmp::Ordering;

use model::{Decimal, Severity};

use crate::arithmetic::BurnRate;
use crate::book::Rule;
use crate::duration::Duration;
use crate::measure::Comparison;
use crate::openslo::Addressee;
use crate::outcome::Window;

/// What a policy or a tier says of an objective.
#[derive(Clone, Debug, PartialEq)]
pub struct Alarm {
    /// The name of the policy; `burn-fast` and its like for a tier.
    pub policy: String,
    /// As the condition says: free text in OpenSLO.
    pub severity: String,
    /// How burn rates are compared.
    pub op: Comparison,
    /// With what.
    pub threshold: Decimal,
    /// For how long it must hold before somebody is told.
    pub after: Option<Duration>,
    /// What was looked at; it holds when every one of them does.
    pub burns: Vec<Burn>,
    /// Tell when it holds.
    pub when_breaching: bool,
    /// Tell when it holds no longer.
    pub when_resolved: bool,
    /// Tell when there is no data.
    pub when_no_data: bool,
    /// Who hears of it.
    pub targets: Vec<Addressee>,
}

/// How fast the budget burned over one window.
#[derive(Clone, Debug, PartialEq)]
pub struct Burn {
    /// The window.
    pub window: Window,
    /// Bad events, or bad slices.
    pub bad: u64,
    /// All of them.
    pub total: u64,
    /// `None` without events, and where more are good than there are.
    pub rate: Option<BurnRate>,
}

/// A condition that is still to be counted.
pub(crate) struct Watch {
    pub(crate) alarm: Alarm,
    pub(crate) windows: Vec<Duration>,
}

impl Alarm {
    /// Whether it holds; `None` where a window has no data and no other says no.
    pub fn holds(&self) -> Option<bool> {
        let one = |burn: &Burn| {
            let order = burn.rate.as_ref()?.compare(self.threshold);
            Some(match self.op {
                Comparison::Greater => order == Ordering::Greater,
                Comparison::GreaterOrEqual => order != Ordering::Less,
                Comparison::Less => order == Ordering::Less,
                Comparison::LessOrEqual => order != Ordering::Greater,
            })
        };
        let all: Vec<Option<bool>> = self.burns.iter().map(one).collect();
        match all.contains(&Some(false)) {
            true => Some(false),
            false => all.into_iter().collect::<Option<Vec<bool>>>().map(|_| true),
        }
    }
}

/// Everything that is to be watched of a rule.
pub(crate) fn watches(rule: &Rule) -> Vec<Watch> {
    let policies = rule.alerts.iter().flat_map(|policy| {
        policy.conditions.iter().map(|condition| Watch {
            alarm: Alarm {
                policy: policy.name.clone(),
                severity: condition.severity.clone(),
                op: condition.op,
                threshold: condition.threshold,
                after: condition.after,
                burns: vec![],
                when_breaching: policy.when_breaching,
                when_resolved: policy.when_resolved,
                when_no_data: policy.when_no_data,
                targets: policy.targets.clone(),
            },
            windows: vec![condition.lookback],
        })
    });
    policies.chain(tiers(rule).filter(|_| rule.burn_tiers)).collect()
}

/// The four tiers over the first window of a rule.
pub(crate) fn tiers(rule: &Rule) -> impl Iterator<Item = Watch> {
    let period = rule.windows.first().map(|window| window.duration.rolling().seconds());
    period.into_iter().flat_map(|period| TIERS.iter().filter_map(move |tier| tier.watch(period)))
}

/// A tier: name, share of the budget in percent, long and short window in minutes, severity.
struct Tier(&'static str, u64, u32, u32, Severity);

const TIERS: [Tier; 4] = [
    Tier("burn-fast", 2, 60, 5, Severity::Critical),
    Tier("burn-medium", 5, 6 * 60, 30, Severity::High),
    Tier("burn-slow", 10, 24 * 60, 2 * 60, Severity::Medium),
    Tier("burn-long", 10, 3 * 24 * 60, 6 * 60, Severity::Low),
];

impl Tier {
    /// Nothing where the period is not longer than the long window: its budget is that of the window then.
    fn watch(&self, period: u64) -> Option<Watch> {
        let Tier(name, share, long, short, severity) = self;
        let long_seconds = u64::from(*long) * 60;
        (period > long_seconds).then_some(())?;
        let factor = share * period * 100 / long_seconds;
        Some(Watch {
            alarm: Alarm {
                policy: (*name).to_owned(),
                severity: severity.word().to_owned(),
                op: Comparison::Greater,
                threshold: Decimal::parse(&format!("{}.{:04}", factor / 10_000, factor % 10_000)).ok()?,
                after: None,
                burns: vec![],
                when_breaching: true,
                when_resolved: true,
                when_no_data: false,
                targets: vec![],
            },
            windows: vec![Duration::rounded(*long), Duration::rounded(*short)],
        })
    }
}
