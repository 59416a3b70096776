//! Cost per unit: what a stretch of time cost, by what it brought.
//!
//! A threshold indicator over charges of FOCUS (FinOps Open Cost and Usage Specification), as `ingest` keeps them. Each whole
//! stretch of `every` inside the window that has a charge is one value. It is judged without a division: cost per unit ≤
//! limit ⇔ cost ≤ limit · units, in decimals of 76 digits. Only what is shown beside the verdict is divided.
//!
//! Amounts of different currencies, and quantities of different units, are never added up: an objective names one of each,
//! and charges of another refuse it.

use model::{Decimal, Fault, Instant, RecordKind, counted};
use yaml::Fields;

use crate::duration::Duration;
use crate::measure::{Interval, Measure, Source};
use crate::source::one_line;

/// The keys of such a source.
pub(crate) const KEYS: &[&str] = &["cost", "currency", "where", "every", "units", "quantity"];
const COLUMNS: [&str; 4] = ["BilledCost", "EffectiveCost", "ContractedCost", "ListCost"];
/// Digits and decimals that sums are kept in.
const EXACT: &str = "DECIMAL(76, 18)";

/// What is asked of charges.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cost {
    column: &'static str,
    currency: String,
    filter: Option<String>,
    every: Duration,
    units: Units,
}

/// What the cost is shared among.
#[derive(Clone, Debug, PartialEq)]
enum Units {
    /// ConsumedQuantity of the same charges, in this ConsumedUnit.
    Quantity(String),
    /// Rows of a table in the same stretch of time.
    Rows { table: RecordKind, filter: Option<String> },
}

impl Cost {
    /// Reads a source that has `cost`.
    ///
    /// # Errors
    /// `bad-source`, `bad-duration`.
    pub(crate) fn read(spec: &Fields<'_>) -> Result<Self, Fault> {
        let refuse = |key: &str, message: String, advice: &str| {
            let place = spec.node(key).map_or(&spec.place, |node| &node.place);
            Fault::bad_config("bad-source", message).advise(advice).at(place.clone())
        };
        let word = spec.required_text("cost")?;
        let column = COLUMNS.into_iter().find(|column| *column == word).ok_or_else(|| {
            refuse(
                "cost",
                format!("{word:?} is no cost of FOCUS"),
                "The costs are BilledCost, EffectiveCost, ContractedCost and ListCost.",
            )
        })?;
        let currency = spec.required_text("currency")?.to_owned();
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(refuse("currency", format!("{currency:?} is no currency"), "Write three capitals: EUR."));
        }
        let every = match spec.text("every")? {
            None => Duration::rounded(1440),
            Some(text) => Duration::parse(text, &spec.path_of("every"), &spec.required("every")?.place)?,
        };
        if every.is_calendar() {
            let advice = "Write minutes, hours, days or weeks: months differ in length.";
            return Err(refuse("every", format!("{every} has no fixed length"), advice));
        }
        let units = match (spec.text("quantity")?, spec.child("units", &["table", "where"])?) {
            (Some(unit), None) => Units::Quantity(unit.to_owned()),
            (None, Some(rows)) => {
                let word = rows.required_text("table")?;
                let table = RecordKind::parse(word).map_err(|_| {
                    refuse("units", format!("{word:?} is not a table"), "The tables are logs, metrics and traces.")
                })?;
                Units::Rows { table, filter: rows.text("where")?.map(str::to_owned) }
            }
            _ => {
                let message = "A cost is shared among either units or a quantity".to_owned();
                return Err(refuse("units", message, "Write units: with a table, or quantity: with the ConsumedUnit."));
            }
        };
        Ok(Cost { column, currency, filter: spec.text("where")?.map(str::to_owned), every, units })
    }

    /// The whole stretches inside `window`: what lies in a part of one belongs to no value. `None` when there is none.
    ///
    /// An interval excludes its first instant and a stretch includes it: both ends move by one nanosecond.
    pub(crate) fn whole(&self, window: Interval) -> Option<Interval> {
        let step = i64::try_from(self.every.rolling().nanos()).ok()?;
        let below = |nanos: i64| nanos.checked_sub(nanos.rem_euclid(step));
        let first = below(window.from.nanos().checked_sub(1)?)?.checked_add(step)?;
        let end = below(window.to.nanos().checked_add(1)?)?;
        let at = |nanos: i64| nanos.checked_sub(1).map(Instant::from_nanos);
        (first < end).then_some(Interval { from: at(first)?, to: at(end)? })
    }

    /// Refuses charges that cannot be added to the others.
    pub(crate) fn refuse_strangers(&self, measure: &dyn Measure, window: Interval) -> Result<(), Fault> {
        let rows = |filter: String| Source::Rows { table: RecordKind::Logs, filter: Some(filter), value: None };
        let all = self.charges();
        let mut strangers = vec![
            (
                "mixed-currencies",
                format!("attributes['BillingCurrency'] <> {}", quoted(&self.currency)),
                format!("not in {}", self.currency),
            ),
            ("missing-cost", format!("attributes['{}'] IS NULL", self.column), format!("without {}", self.column)),
        ];
        if let Units::Quantity(unit) = &self.units {
            let other = format!(
                "coalesce(attributes['ConsumedUnit'], '') <> {0} OR attributes['ConsumedQuantity'] IS NULL",
                quoted(unit)
            );
            strangers.push(("mixed-units", other, format!("not consumed in {unit:?}")));
        }
        for (code, filter, what) in strangers {
            let counts = measure.ratio(&rows(format!("({all}) AND ({filter})")), &rows(all.clone()), window)?;
            if counts.good > 0 {
                let of = counted(counts.total, "charge is", "charges are");
                return Err(Fault::bad_config(code, format!("{} of {of} {what}", counts.good)).advise(
                    "Let where name the charges that belong together, and write an objective for each of the others.",
                ));
            }
        }
        Ok(())
    }

    /// Values below, at or above 0, as the cost per unit is below, at or above `limit`.
    pub(crate) fn judged(&self, limit: Decimal) -> Source {
        let limit = format!("CAST('{limit}' AS {EXACT}) * greatest(units, CAST(0 AS {EXACT}))");
        self.each(&format!("WHEN cost < {limit} THEN -1 WHEN cost = {limit} THEN 0 ELSE 1"))
    }

    /// The costs per unit, for showing.
    pub(crate) fn divided(&self) -> Source {
        self.each(&format!("WHEN units > CAST(0 AS {EXACT}) THEN CAST(cost / units AS DOUBLE)"))
    }

    /// A value for each stretch that has a charge; none where there is neither cost nor unit.
    fn each(&self, cases: &str) -> Source {
        let bin = format!(
            "date_bin(INTERVAL '{} seconds', ts, TIMESTAMP '1970-01-01T00:00:00Z') AS ts",
            self.every.rolling().seconds()
        );
        let (quantity, joined, units) = match &self.units {
            Units::Quantity(_) => {
                (format!(", sum(CAST(attributes['ConsumedQuantity'] AS {EXACT})) AS units"), String::new(), "c.units")
            }
            Units::Rows { table, filter } => {
                let filter = filter.as_deref().unwrap_or("true");
                let rows = format!("SELECT {bin}, count(*) AS units FROM {table} WHERE ({filter}) GROUP BY 1");
                (String::new(), format!(" LEFT JOIN ({rows}) u ON c.ts = u.ts"), "coalesce(u.units, 0)")
            }
        };
        let cost = format!("sum(CAST(attributes['{}'] AS {EXACT})) AS cost{quantity}", self.column);
        let charges = format!("SELECT {bin}, {cost} FROM logs WHERE {} GROUP BY 1", self.charges());
        let both =
            format!("SELECT c.ts AS ts, c.cost AS cost, CAST({units} AS {EXACT}) AS units FROM ({charges}) c{joined}");
        let nothing = format!("WHEN cost = CAST(0 AS {EXACT}) AND units <= CAST(0 AS {EXACT}) THEN NULL");
        Source::Sql(format!("SELECT ts, CASE {nothing} {cases} END AS value FROM ({both})"))
    }

    /// The predicate of the charges.
    fn charges(&self) -> String {
        let filter = self.filter.as_deref().unwrap_or("true");
        format!("attributes['BillingCurrency'] IS NOT NULL AND ({filter})")
    }

    /// What is compared, and what was read.
    pub(crate) fn words(&self) -> (String, String) {
        let unit = match &self.units {
            Units::Quantity(unit) => unit.clone(),
            Units::Rows { table, filter: None } => format!("row of {table}"),
            Units::Rows { table, filter: Some(filter) } => format!("row of {table} where {}", one_line(filter)),
        };
        let charges = self.filter.as_deref().map(|filter| format!(" where {}", one_line(filter))).unwrap_or_default();
        let source = format!("charges in {}{charges}, each {}, per {unit}", self.currency, self.every);
        (format!("{} per unit", self.column), source)
    }

    pub(crate) fn currency(&self) -> &str {
        &self.currency
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(text: &str) -> Result<Cost, Fault> {
        let nodes = yaml::read(text, &yaml::Limits::default()).unwrap();
        Cost::read(&Fields::of(&nodes[0], "spec", KEYS)?)
    }

    #[test]
    fn only_whole_stretches_count() {
        let day = cost("{cost: BilledCost, currency: EUR, quantity: GB}").unwrap();
        const DAY: i64 = 86_400_000_000_000;
        let check = |from: i64, to: i64, expect: Option<(i64, i64)>| {
            let at = Instant::from_nanos;
            let found = day.whole(Interval { from: at(from), to: at(to) });
            assert_eq!(found.map(|found| (found.from.nanos(), found.to.nanos())), expect, "{from} {to}");
        };
        check(0, 2 * DAY, Some((-1, 2 * DAY - 1)));
        check(1, 2 * DAY + 5, Some((DAY - 1, 2 * DAY - 1)));
        check(1, 2 * DAY - 1, Some((DAY - 1, 2 * DAY - 1)));
        check(1, 2 * DAY - 2, None);
        check(-DAY - 1, 1, Some((-DAY - 1, -1)));
        check(5, 5, None);
        check(i64::MIN, i64::MIN + 5, None);
    }

    #[test]
    fn what_cannot_be_asked_is_refused() {
        let check =
            |text: &str, code: Option<&str>| assert_eq!(cost(text).err().map(|fault| fault.code()), code, "{text}");
        check("{cost: EffectiveCost, currency: EUR, every: 1h, units: {table: logs}}", None);
        check("{cost: Billed, currency: EUR, quantity: GB}", Some("bad-source"));
        check("{cost: BilledCost, quantity: GB}", Some("missing-key"));
        check("{cost: BilledCost, currency: eur, quantity: GB}", Some("bad-source"));
        check("{cost: BilledCost, currency: EUR}", Some("bad-source"));
        check("{cost: BilledCost, currency: EUR, quantity: GB, units: {table: logs}}", Some("bad-source"));
        check("{cost: BilledCost, currency: EUR, units: {table: x}}", Some("bad-source"));
        check("{cost: BilledCost, currency: EUR, quantity: GB, every: 1M}", Some("bad-source"));
        check("{cost: BilledCost, currency: EUR, quantity: GB, every: 0d}", Some("bad-duration"));
        check("{cost: BilledCost, currency: EUR, quantity: GB, value: x}", Some("unknown-key"));
    }

    #[test]
    fn a_unit_stays_inside_its_quotes() {
        assert_eq!(quoted("a' OR 'b"), "'a'' OR ''b'");
    }
}
