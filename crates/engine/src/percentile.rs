//! Percentiles by nearest rank as SQL aggregates: `percentile(x, 0.95)` and `distribution(x)`.
//!
//! Below 100,000 values exact, above from a DDSketch; see `sketch`. DataFusion's own `approx_percentile_cont` answers
//! differently on different numbers of threads and is not offered.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::{plan_datafusion_err, plan_err};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, Signature, TypeSignature, Volatility};
use datafusion::physical_expr::expressions::Literal;
use datafusion::scalar::ScalarValue;
use model::Decimal;

use crate::sketch::{BUCKETS_MAX, Distribution, Refusal};

/// `distribution(x double) -> binary`: all values of a group, in the form that `Distribution::from_bytes` reads.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Distributions {
    signature: Signature,
}

impl Default for Distributions {
    fn default() -> Self {
        Distributions { signature: Signature::exact(vec![DataType::Float64], Volatility::Immutable) }
    }
}

/// `percentile(x double, rank) -> double`: the nearest-rank percentile; `rank` is a constant above 0, not above 1.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Percentiles {
    signature: Signature,
}

impl Default for Percentiles {
    fn default() -> Self {
        let exact = TypeSignature::Exact(vec![DataType::Float64, DataType::Float64]);
        Percentiles { signature: Signature::new(exact, Volatility::Immutable) }
    }
}

impl AggregateUDFImpl for Distributions {
    fn name(&self) -> &str {
        "distribution"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Binary)
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        refuse_distinct(&args, self.name())?;
        Ok(Box::new(Values { distribution: Distribution::default(), rank: None }))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(state(&args))
    }
}

impl AggregateUDFImpl for Percentiles {
    fn name(&self) -> &str {
        "percentile"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        refuse_distinct(&args, self.name())?;
        let literal = args.exprs.get(1).and_then(|rank| rank.downcast_ref::<Literal>()).map(Literal::value);
        let rank = match literal {
            Some(ScalarValue::Float64(Some(rank))) => Decimal::parse(&rank.to_string()).ok(),
            _ => None,
        };
        let rank = rank.filter(|rank| Decimal::ZERO < *rank && *rank <= Decimal::ONE).ok_or_else(|| {
            plan_datafusion_err!(
                "The second argument of percentile() is a constant above 0 and not above 1, such as 0.95"
            )
        })?;
        Ok(Box::new(Values { distribution: Distribution::default(), rank: Some(rank) }))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(state(&args))
    }
}

fn refuse_distinct(args: &AccumulatorArgs, name: &str) -> Result<()> {
    if args.is_distinct { plan_err!("{name}() takes all values: leave out DISTINCT") } else { Ok(()) }
}

fn state(args: &StateFieldsArgs) -> Vec<FieldRef> {
    vec![Arc::new(Field::new(format!("{}[distribution]", args.name), DataType::Binary, true))]
}

/// The values of one group. With a rank it evaluates to the percentile, else to the distribution.
#[derive(Debug)]
struct Values {
    distribution: Distribution,
    rank: Option<Decimal>,
}

impl Accumulator for Values {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let values = values[0].as_primitive::<Float64Type>();
        values.iter().flatten().try_for_each(|value| self.distribution.push(value)).map_err(refused)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let states = states[0].as_binary::<i32>();
        states.iter().flatten().try_for_each(|state| {
            Distribution::from_bytes(state).and_then(|other| self.distribution.merge(other)).map_err(refused)
        })
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::Binary(Some(self.distribution.to_bytes().map_err(refused)?))])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        match self.rank {
            Some(rank) => Ok(ScalarValue::Float64(self.distribution.quantile(rank).map_err(refused)?)),
            None => Ok(ScalarValue::Binary(Some(self.distribution.to_bytes().map_err(refused)?))),
        }
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.distribution.size()
    }
}

/// In words that go to the user as they are.
fn refused(refusal: Refusal) -> DataFusionError {
    DataFusionError::Execution(match refusal {
        Refusal::NotFinite => "A value of the percentile is NaN or infinite".to_owned(),
        Refusal::TooManyBuckets => {
            format!("The values spread over more than {BUCKETS_MAX} buckets of the sketch; divide them into groups")
        }
        Refusal::BadState => "The state of a distribution does not read".to_owned(),
    })
}
